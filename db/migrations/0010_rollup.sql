-- Yields of any range from two rows for each series, and lots' yields by day.

-- A series is a line's or a station's operation in one shift; a line's operation 0 is the sum over its operations. Its row of a day holds
-- everything counted until the end of that day, so a range is the row at its end less the row before its beginning, however long it
-- is. A day without a count has no row. Moved in the events' transaction, one writer a line at a time. subject: 1 a line, 2 a station.
create table yield_running (
  subject_id integer not null,
  plant_day date not null,
  subject smallint not null,
  operation smallint not null,
  shift smallint not null,
  first_runs bigint not null,
  first_passes bigint not null,
  runs bigint not null,
  retests bigint not null,
  reworks bigint not null,
  aborts bigint not null,
  scrapped bigint not null,
  inherited_runs bigint not null,
  inherited_passes bigint not null,
  overrides bigint not null,
  entered bigint not null,
  left_good bigint not null,
  lost bigint not null,
  scrapped_caused bigint not null,
  destroyed bigint not null,
  input_micro bigint not null,
  cut_micro bigint not null,
  constraint yield_running_pk primary key (subject, subject_id, operation, shift, plant_day),
  constraint yield_running_subject_known check (subject between 1 and 2)
) with (fillfactor = 70);

-- Which series there are, so that a question finds them without walking their days.
create table yield_series (
  subject_id integer not null,
  subject smallint not null,
  operation smallint not null,
  shift smallint not null,
  constraint yield_series_pk primary key (subject, subject_id, operation, shift)
);

-- What was counted before.
insert into yield_running
  (subject, subject_id, operation, shift, plant_day, first_runs, first_passes, runs, retests, reworks, aborts, scrapped, inherited_runs,
    inherited_passes, overrides, entered, left_good, lost, scrapped_caused, destroyed, input_micro, cut_micro)
select subject, subject_id, operation, shift, plant_day, sum(first_runs) over w, sum(first_passes) over w, sum(runs) over w,
  sum(retests) over w, sum(reworks) over w, sum(aborts) over w, sum(scrapped) over w, sum(inherited_runs) over w,
  sum(inherited_passes) over w, sum(overrides) over w, sum(entered) over w, sum(left_good) over w, sum(lost) over w,
  sum(scrapped_caused) over w, sum(destroyed) over w, sum(input_micro) over w, sum(cut_micro) over w
from (
  select k.subject, k.subject_id, o.operation, y.shift, y.plant_day, sum(y.first_runs) as first_runs, sum(y.first_passes) as first_passes,
    sum(y.runs) as runs, sum(y.retests) as retests, sum(y.reworks) as reworks, sum(y.aborts) as aborts, sum(y.scrapped) as scrapped,
    sum(y.inherited_runs) as inherited_runs, sum(y.inherited_passes) as inherited_passes, sum(y.overrides) as overrides,
    sum(y.entered) as entered, sum(y.left_good) as left_good, sum(y.lost) as lost, sum(y.scrapped_caused) as scrapped_caused,
    sum(y.destroyed) as destroyed, sum(y.input_micro) as input_micro, sum(y.cut_micro) as cut_micro
  from operation_yield y
  join station s on s.station_id = y.station_id
  cross join lateral (values (1::smallint, s.line_id), (2::smallint, s.station_id)) k (subject, subject_id)
  cross join lateral (values (y.operation), (0::smallint)) o (operation)
  where k.subject = 1 or o.operation <> 0
  group by 1, 2, 3, 4, 5
) d
window w as (partition by subject, subject_id, operation, shift order by plant_day);
insert into yield_series (subject, subject_id, operation, shift)
select distinct subject, subject_id, operation, shift
from yield_running;

-- The months are answered by the running totals too.
drop table yield_month;

-- A lot's yields by the plant day of the first run or the scrap. Counts from before days were kept stand on 1970-01-01.
alter table lot_yield add column plant_day date not null default '1970-01-01';
alter table lot_yield alter column plant_day drop default;
alter table lot_yield drop constraint lot_yield_pk;
alter table lot_yield add constraint lot_yield_pk primary key (lot_id, line_id, operation, plant_day);

-- What is bought is counted too from now on, received and used up, so that a schedule knows what lies in stock. It begins with what
-- is there.
with stock as (
  select b.material_id, (now() at time zone 'UTC')::date as day, sum(b.micro)::bigint as micro
  from (
    select u.material_id, l.left_micro as micro
    from lot l
    join unit u on u.unit_id = l.unit_id
    where l.left_micro > 0
    union all
    select u.material_id, 1000000
    from unit u
    where u.tracking = 1
      and u.state = 2
      and u.parent_id is null
  ) b
  join material m on m.material_id = b.material_id
  where not m.made
  group by b.material_id
), daily as (
  insert into line_output
    (material_id, plant_day, line_id, started_micro, good_micro, scrapped_micro, reversed_micro, consumed_micro, received_micro)
  select material_id, day - date '1970-01-01', 0, 0, 0, 0, 0, 0, micro
  from stock
)
insert into line_output_month
  (material_id, month, line_id, started_micro, good_micro, scrapped_micro, reversed_micro, consumed_micro, received_micro)
select material_id, extract(year from day)::integer * 12 + extract(month from day)::integer - 1, 0, 0, 0, 0, 0, 0, micro
from stock;
