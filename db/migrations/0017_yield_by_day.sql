-- Any grouping of yields over a year within 50 ms.

-- A line's days over all its operations (operation 0) in a table of their own: they answer what is asked by day or order, and among the
-- rows of each operation, twelve times as many, every one of them lay on another page.
alter table line_yield_day rename to line_yield_day_before;
alter table line_yield_day_before rename constraint line_yield_day_pk to line_yield_day_before_pk;
alter index line_yield_day_by_order rename to line_yield_day_before_by_order;
create table line_yield_day (
  like line_yield_day_before,
  constraint line_yield_day_pk primary key (line_id, operation, plant_day, shift, work_order_id)
) partition by list (operation);
create table line_yield_day_whole partition of line_yield_day for values in (0) with (fillfactor = 70);
create table line_yield_day_operation partition of line_yield_day default with (fillfactor = 70);
insert into line_yield_day
  (line_id, work_order_id, plant_day, operation, shift, first_runs, first_passes, runs, retests, reworks, aborts, scrapped,
    inherited_runs, inherited_passes, overrides, entered, left_good, lost, scrapped_caused, destroyed, input_micro, cut_micro)
select line_id, work_order_id, plant_day, operation, shift, first_runs, first_passes, runs, retests, reworks, aborts, scrapped,
  inherited_runs, inherited_passes, overrides, entered, left_good, lost, scrapped_caused, destroyed, input_micro, cut_micro
from line_yield_day_before
order by plant_day, line_id, operation;
drop table line_yield_day_before;
create index line_yield_day_by_order on line_yield_day (work_order_id, operation, plant_day);

-- The totals of one day lie side by side: two days of every station are two short walks instead of a descent for each series.
create index yield_running_by_day on yield_running (plant_day, subject, operation, subject_id);
