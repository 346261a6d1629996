-- Yield by shift with final yield, caused scrap, overrides and quantities; its rollups; what lots' consumers made of them; restatements;
-- downtime. All of it moves in the transaction of the events. Counters are those of domain/yield.h, in its order.

-- The finest counts. shift: 1 = 08-20, 2 = 20-08 Asia/Shanghai; 0 = counted before shifts were kept.
alter table operation_yield
  add column shift smallint not null default 0,
  add column inherited_runs bigint not null default 0,
  add column inherited_passes bigint not null default 0,
  add column overrides bigint not null default 0,
  add column entered bigint not null default 0,
  add column left_good bigint not null default 0,
  add column lost bigint not null default 0,
  add column scrapped_caused bigint not null default 0,
  add column destroyed bigint not null default 0,
  add column input_micro bigint not null default 0,
  add column cut_micro bigint not null default 0,
  add constraint operation_yield_shift_known check (shift between 0 and 2);
-- An order's days lie together; a station's are found by the index.
alter table operation_yield drop constraint operation_yield_pk;
alter table operation_yield add constraint operation_yield_pk primary key (work_order_id, plant_day, operation, shift, station_id);
create index operation_yield_by_station on operation_yield (station_id, plant_day);

-- A line's day: summed over its stations. operation 0: summed over its operations besides, so that a year by days reads one row per
-- line, day, shift and order. Two writers never share a line, so its rows are not waited for.
create table line_yield_day (
  line_id integer not null,
  work_order_id integer not null,
  plant_day date not null,
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
  constraint line_yield_day_pk primary key (line_id, operation, plant_day, shift, work_order_id)
) with (fillfactor = 70);
create index line_yield_day_by_order on line_yield_day (work_order_id, operation, plant_day);

-- Months. subject: 1 a line, 2 a station. Orders live for weeks and are answered from days.
create table yield_month (
  subject_id integer not null,
  month date not null,
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
  constraint yield_month_pk primary key (subject, subject_id, operation, month, shift),
  constraint yield_month_subject_known check (subject between 1 and 2)
) with (fillfactor = 70);

-- What was counted before this migration goes into the rollups.
insert into line_yield_day
  (line_id, work_order_id, plant_day, operation, shift, first_runs, first_passes, runs, retests, reworks, aborts, scrapped,
    inherited_runs, inherited_passes, overrides, entered, left_good, lost, scrapped_caused, destroyed, input_micro, cut_micro)
select s.line_id, y.work_order_id, y.plant_day, o.operation, y.shift, sum(y.first_runs), sum(y.first_passes), sum(y.runs),
  sum(y.retests), sum(y.reworks), sum(y.aborts), sum(y.scrapped), sum(y.inherited_runs), sum(y.inherited_passes), sum(y.overrides),
  sum(y.entered), sum(y.left_good), sum(y.lost), sum(y.scrapped_caused), sum(y.destroyed), sum(y.input_micro), sum(y.cut_micro)
from operation_yield y
join station s on s.station_id = y.station_id
cross join lateral (values (y.operation), (0::smallint)) o (operation)
group by 1, 2, 3, 4, 5;
insert into yield_month
  (subject, subject_id, month, operation, shift, first_runs, first_passes, runs, retests, reworks, aborts, scrapped, inherited_runs,
    inherited_passes, overrides, entered, left_good, lost, scrapped_caused, destroyed, input_micro, cut_micro)
select k.subject, k.subject_id, date_trunc('month', y.plant_day::timestamp)::date, y.operation, y.shift, sum(y.first_runs),
  sum(y.first_passes), sum(y.runs), sum(y.retests), sum(y.reworks), sum(y.aborts), sum(y.scrapped), sum(y.inherited_runs),
  sum(y.inherited_passes), sum(y.overrides), sum(y.entered), sum(y.left_good), sum(y.lost), sum(y.scrapped_caused), sum(y.destroyed),
  sum(y.input_micro), sum(y.cut_micro)
from operation_yield y
join station s on s.station_id = y.station_id
cross join lateral (values (1::smallint, s.line_id), (2::smallint, s.station_id)) k (subject, subject_id)
group by 1, 2, 3, 4, 5;

-- How units fared that consumed a lot at an operation before their first run there completed.
create table lot_yield (
  lot_id bigint not null,
  line_id integer not null,
  operation smallint not null,
  first_runs bigint not null,
  first_passes bigint not null,
  scrapped bigint not null,
  constraint lot_yield_pk primary key (lot_id, line_id, operation)
) with (fillfactor = 70);

-- What reversals changed afterwards: figures minus the deltas recorded since an instant are those known then.
create table yield_restatement (
  restatement_id bigint generated always as identity,
  record_time timestamptz not null,
  unit_id bigint not null,
  -- The reversal, and the event of the same station that it took back.
  reversed_sequence bigint not null,
  sequence bigint not null,
  reporting_station integer not null,
  epoch integer not null,
  reversed_epoch integer not null,
  -- The figure that changed.
  work_order_id integer not null,
  station_id integer not null,
  plant_day date not null,
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
  constraint yield_restatement_pk primary key (restatement_id)
);
create index yield_restatement_by_day on yield_restatement (plant_day, restatement_id);

-- Downtime -------------------------------------------------------------------------------------------------------------------------

-- The list of reasons as a whole, by version; a report keeps the version that it was made under.
create table downtime_reason_list (
  version integer not null,
  person text not null,
  record_time timestamptz not null,
  constraint downtime_reason_list_pk primary key (version),
  constraint downtime_reason_list_counted check (version >= 1)
);
create table downtime_reason (
  version integer not null,
  code text not null,
  -- domain::DowntimeClass.
  class smallint not null,
  name text not null,
  constraint downtime_reason_pk primary key (version, code),
  constraint downtime_reason_list_fk foreign key (version) references downtime_reason_list (version),
  constraint downtime_reason_class_known check (class between 1 and 7)
);
insert into downtime_reason_list (version, person, record_time) values (1, 'schema', '2026-11-24T00:00:00Z');
insert into downtime_reason (version, code, class, name)
values
  (1, 'BREAKDOWN', 1, 'Equipment failure'),
  (1, 'TOOL_BROKEN', 1, 'Tool or fixture failure'),
  (1, 'CHANGEOVER', 2, 'Change of product or variant'),
  (1, 'TOOL_CHANGE', 2, 'Planned change of a worn tool'),
  (1, 'NO_MATERIAL', 3, 'Material is missing'),
  (1, 'UPSTREAM', 3, 'Waiting for the operation before'),
  (1, 'DOWNSTREAM', 3, 'The operation after is full'),
  (1, 'QUALITY_STOP', 4, 'Stopped for quality'),
  (1, 'NO_PERSON', 5, 'Nobody to run it'),
  (1, 'SAFETY', 6, 'Safety stop'),
  (1, 'NO_PLAN', 7, 'Nothing was planned');

create table station_downtime (
  downtime_id bigint generated always as identity,
  from_time timestamptz not null,
  until_time timestamptz not null,
  record_time timestamptz not null,
  withdraw_time timestamptz,
  station_id integer not null,
  version integer not null,
  reason_code text not null,
  person text not null,
  note text not null,
  withdrawn_by text,
  withdraw_note text,
  constraint station_downtime_pk primary key (downtime_id),
  constraint station_downtime_station_fk foreign key (station_id) references station (station_id),
  constraint station_downtime_reason_fk foreign key (version, reason_code) references downtime_reason (version, code),
  constraint station_downtime_interval check (until_time > from_time),
  constraint station_downtime_withdrawn_whole check (
    (withdraw_time is null) = (withdrawn_by is null) and (withdraw_time is null) = (withdraw_note is null)),
  -- A station is down once at a time. The station as a range of one, so that no extension is needed.
  constraint station_downtime_once exclude using gist
    (int4range(station_id, station_id, '[]') with &&, tstzrange(from_time, until_time) with &&) where (withdraw_time is null)
);
create index station_downtime_by_station on station_downtime (station_id, from_time);
