-- Capacity: calendars per year, shift patterns and shutdowns; lines and their series in time; published figures; computed figures as
-- they were; bought-in supply; releases beyond capacity; and what was made, by line and plant day.
-- Days are plant days: days since 1970-01-01 of the date on which the day begins (08:00 Asia/Shanghai).

-- One notice of one year's days off. A correction is a new version; the newest is in force. A year without a row is not published.
create table calendar_year (
  year integer not null,
  version integer not null,
  source text not null,
  person text not null,
  record_time timestamptz not null,
  constraint calendar_year_pk primary key (year, version),
  constraint calendar_year_counted check (version >= 1)
);

create table calendar_day (
  year integer not null,
  version integer not null,
  day integer not null,
  -- True: worked though it is of a weekend; false: off.
  make_up boolean not null,
  name text not null default '',
  name_zh text not null default '',
  statutory boolean not null default false,
  constraint calendar_day_pk primary key (year, version, day),
  constraint calendar_day_year_fk foreign key (year, version) references calendar_year (year, version)
);

create table shift_pattern (
  pattern_code text not null,
  description text not null,
  net_seconds_per_day integer not null,
  -- From Monday.
  works boolean[] not null,
  observes_days_off boolean not null,
  shift_codes text[] not null,
  shift_starts integer[] not null,
  shift_ends integer[] not null,
  constraint shift_pattern_pk primary key (pattern_code),
  constraint shift_pattern_week check (cardinality(works) = 7),
  constraint shift_pattern_seconds check (net_seconds_per_day between 0 and 86400)
);

create table shutdown (
  shutdown_id bigint generated always as identity,
  first_day integer not null,
  last_day integer not null,
  -- Empty = all; a material of 0 = all.
  pattern_code text not null default '',
  material_id integer not null default 0,
  reason text not null,
  person text not null,
  record_time timestamptz not null,
  cancel_time timestamptz,
  cancelled_by text,
  constraint shutdown_pk primary key (shutdown_id),
  constraint shutdown_ordered check (first_day <= last_day),
  constraint shutdown_cancelled_whole check ((cancel_time is null) = (cancelled_by is null))
);
create unique index shutdown_unique on shutdown (first_day, last_day, pattern_code, material_id) where cancel_time is null;

-- What a product's lines are; the series in time is capacity_point.
create table line_group (
  material_id integer not null,
  lines integer not null,
  rated_kwh double precision,
  rated_kw double precision,
  planned_yearly double precision not null default 0,
  position_operations text[] not null default '{}',
  position_availability double precision not null default 1,
  constraint line_group_pk primary key (material_id),
  constraint line_group_material_fk foreign key (material_id) references material (material_id),
  constraint line_group_lines check (lines >= 0),
  constraint line_group_position_share check (position_availability > 0 and position_availability <= 1)
);

-- Never overwritten: a later row of the same line and day replaces an earlier one's effect, not the row.
create table capacity_point (
  point_id bigint generated always as identity,
  material_id integer not null,
  -- 0 = all lines.
  line integer not null,
  from_day integer not null,
  availability_performance double precision not null,
  -- Null = the routing's.
  final_yield double precision,
  pattern_code text not null,
  source text not null,
  person text not null,
  record_time timestamptz not null,
  constraint capacity_point_pk primary key (point_id),
  constraint capacity_point_group_fk foreign key (material_id) references line_group (material_id),
  constraint capacity_point_pattern_fk foreign key (pattern_code) references shift_pattern (pattern_code),
  constraint capacity_point_availability check (availability_performance > 0 and availability_performance <= 1),
  constraint capacity_point_yield check (final_yield > 0 and final_yield <= 1)
);
create index capacity_point_by_material on capacity_point (material_id, point_id);
create trigger capacity_point_immutable before update or delete on capacity_point for each row execute function refuse_change();

create table capacity_family (
  family_code text not null,
  name text not null,
  unit text not null,
  product_codes text[] not null,
  constraint capacity_family_pk primary key (family_code),
  constraint capacity_family_unit_known check (unit in ('pc', 'kWh'))
);

-- Figures as they were published; a later one stands beside the earlier.
create table stated_capacity (
  stated_id bigint generated always as identity,
  family_code text not null,
  stated_value double precision not null,
  stated_unit text not null,
  interpreted_unit text not null default '',
  interpretation_reason text not null default '',
  -- In the family's unit, per calendar year; and half of the last digit that was stated.
  yearly double precision not null,
  rounding double precision not null,
  source text not null,
  source_day integer not null,
  record_time timestamptz not null,
  constraint stated_capacity_pk primary key (stated_id),
  constraint stated_capacity_family_fk foreign key (family_code) references capacity_family (family_code),
  constraint stated_capacity_positive check (yearly > 0 and rounding >= 0)
);
create index stated_capacity_by_family on stated_capacity (family_code, stated_id);
create trigger stated_capacity_immutable before update or delete on stated_capacity for each row execute function refuse_change();

-- What was computed or demonstrated, whenever it changed: what people were told on a day can be told again.
create table capacity_figure (
  figure_id bigint generated always as identity,
  material_id integer not null,
  kind smallint not null,
  year integer not null,
  value double precision not null,
  detail text not null default '',
  source text not null,
  record_time timestamptz not null,
  constraint capacity_figure_pk primary key (figure_id),
  constraint capacity_figure_material_fk foreign key (material_id) references material (material_id),
  constraint capacity_figure_kind_known check (kind between 2 and 6)
);
create index capacity_figure_by_material on capacity_figure (material_id, figure_id);
create trigger capacity_figure_immutable before update or delete on capacity_figure for each row execute function refuse_change();

create table supply (
  supply_id bigint generated always as identity,
  material_id integer not null,
  quantity_micro bigint not null,
  day integer not null,
  supplier text not null,
  reference text not null default '',
  state smallint not null default 1,
  person text not null,
  record_time timestamptz not null,
  close_time timestamptz,
  closed_by text,
  close_reason text,
  constraint supply_pk primary key (supply_id),
  constraint supply_material_fk foreign key (material_id) references material (material_id),
  constraint supply_positive check (quantity_micro > 0),
  constraint supply_state_known check (state between 1 and 3),
  constraint supply_closed_whole check (
    (state = 1) = (close_time is null) and (state = 1) = (closed_by is null) and (state = 1) = (close_reason is null))
);
create index supply_by_material on supply (material_id, day, supply_id);

-- A release that capacity did not hold, and who took it upon himself.
create table over_commitment (
  over_commitment_id bigint generated always as identity,
  work_order_id integer not null,
  -- The constraint with its figures, as told.
  binding_kind smallint not null,
  binding_code text not null,
  unit text not null,
  until_day integer not null,
  capacity double precision not null,
  committed double precision not null,
  needed double precision not null,
  first_day integer,
  sentence text not null,
  person text not null,
  role text not null,
  reason text not null,
  record_time timestamptz not null,
  constraint over_commitment_pk primary key (over_commitment_id),
  constraint over_commitment_order_fk foreign key (work_order_id) references work_order (work_order_id),
  constraint over_commitment_reasoned check (reason <> '' and person <> '')
);

-- Counters that move in the events' own transaction, by what was made (or built in), plant day and line; line 0 is goods-in.
create table line_output (
  material_id integer not null,
  plant_day integer not null,
  line_id integer not null,
  started_micro bigint not null,
  good_micro bigint not null,
  scrapped_micro bigint not null,
  reversed_micro bigint not null,
  consumed_micro bigint not null,
  received_micro bigint not null,
  constraint line_output_pk primary key (material_id, plant_day, line_id)
) with (fillfactor = 80);
create index line_output_by_day on line_output (plant_day);

-- The same by month (year * 12 + month from 0), moved by the same statement, so that ten years are a few thousand rows.
create table line_output_month (
  material_id integer not null,
  month integer not null,
  line_id integer not null,
  started_micro bigint not null,
  good_micro bigint not null,
  scrapped_micro bigint not null,
  reversed_micro bigint not null,
  consumed_micro bigint not null,
  received_micro bigint not null,
  constraint line_output_month_pk primary key (material_id, month, line_id)
) with (fillfactor = 80);

-- Released orders: what is committed, by when it is due.
create index work_order_committed on work_order (due_time, material_id) where state in (2, 3, 4);
