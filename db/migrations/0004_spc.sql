-- Control charts: what is plotted, the limits that were frozen, the alarms that were raised.

-- A trial build: its runs stay off the charts.
alter table work_order add column trial boolean not null default false;

-- One row: counted up by every change of definitions or limits, so that servers know when to load theirs again.
create table spc_version (
  single boolean not null default true,
  version bigint not null,
  constraint spc_version_pk primary key (single),
  constraint spc_version_single check (single)
);
insert into spc_version (version) values (0);

-- Rules of a class, or rules and positions of one characteristic. The newest of its subject counts; earlier ones stay.
create table spc_definition (
  definition_id integer generated always as identity,
  -- CC, SC, std; or
  class text,
  material_id integer,
  operation smallint,
  characteristic text,
  -- Bit (domain::ChartRule - 1).
  rules smallint not null,
  by_position boolean not null,
  person text not null,
  reason text not null,
  define_time timestamptz not null,
  constraint spc_definition_pk primary key (definition_id),
  constraint spc_definition_material_fk foreign key (material_id) references material (material_id),
  constraint spc_definition_class_known check (class in ('CC', 'SC', 'std')),
  constraint spc_definition_one_subject check (
    (class is null) = (material_id is not null) and (material_id is null) = (operation is null)
    and (material_id is null) = (characteristic is null)),
  constraint spc_definition_class_has_no_positions check (class is null or not by_position),
  constraint spc_definition_sees_something check (rules > 0)
);

-- Limits from a qualified baseline. The highest version of a chart is in force.
create table spc_limits (
  freeze_time timestamptz not null,
  baseline_from timestamptz not null,
  baseline_until timestamptz not null,
  center double precision not null,
  sigma double precision not null,
  lower double precision not null,
  upper double precision not null,
  spread_center double precision not null,
  spread_lower double precision not null,
  spread_upper double precision not null,
  process_sigma double precision not null,
  station_id integer not null,
  version integer not null,
  points integer not null,
  operation smallint not null,
  -- 0 = one chart for all positions.
  position smallint not null,
  -- domain::ChartKind, and values per point.
  kind smallint not null,
  subgroup smallint not null,
  characteristic text not null,
  -- Times of the baseline's points that were left out.
  excluded timestamptz[] not null,
  person text not null,
  reason text not null,
  constraint spc_limits_pk primary key (station_id, operation, characteristic, position, version),
  constraint spc_limits_station_fk foreign key (station_id) references station (station_id),
  constraint spc_limits_baseline_long check (points >= 20 and baseline_from <= baseline_until),
  constraint spc_limits_ordered check (lower < center and center < upper and sigma > 0 and spread_lower < spread_upper),
  constraint spc_limits_kind_known check (kind between 1 and 3 and subgroup >= 1 and version >= 1)
);
create trigger spc_definition_immutable before update or delete on spc_definition for each row execute function refuse_change();
create trigger spc_limits_immutable before update or delete on spc_limits for each row execute function refuse_change();

-- All charts of an operation at a station, as ingest carries them on: db/spc_chart.cc tells the bytes' layout. Changes with nearly
-- every completion there, in place.
create table spc_state (
  station_id integer not null,
  operation smallint not null,
  state bytea not null,
  constraint spc_state_pk primary key (station_id, operation)
) with (fillfactor = 40, toast_tuple_target = 8160);
alter table spc_state alter column state set storage external;

-- Plotted points, up to 16 a row; those not here yet are in spc_state. Late ones have rows of their own, so rows may overlap in time.
create table spc_points (
  first_time timestamptz not null,
  last_time timestamptz not null,
  station_id integer not null,
  operation smallint not null,
  position smallint not null,
  -- domain::ChartKind, and values per point.
  kind smallint not null,
  subgroup smallint not null,
  late boolean not null,
  characteristic text not null,
  -- Microseconds since 1970-01-01.
  times bigint[] not null,
  -- Per point its values one after the other; for X-bar/S its mean and standard deviation.
  measured double precision[] not null,
  -- domain::Signals per point; null = none broke a rule.
  signals bigint[]
);
create index spc_points_by_chart on spc_points (station_id, operation, characteristic, position, last_time, first_time);

-- One row per episode of a rule.
create table spc_alarm (
  alarm_id bigint generated always as identity,
  point_time timestamptz not null,
  raise_time timestamptz not null,
  last_in_control timestamptz,
  acknowledge_time timestamptz,
  unit_id bigint not null,
  value double precision not null,
  station_id integer not null,
  material_id integer not null,
  limits_version integer not null,
  operation smallint not null,
  characteristic_index smallint not null,
  position smallint not null,
  -- domain::ChartRule, domain::ChartSide.
  rule smallint not null,
  side smallint not null,
  on_spread boolean not null,
  late boolean not null,
  class text not null,
  characteristic text not null,
  sentence text not null,
  -- [{"kind", "id", "detail"}].
  evidence jsonb not null,
  acknowledged_by text not null default '',
  acknowledge_reason text not null default '',
  constraint spc_alarm_pk primary key (alarm_id),
  constraint spc_alarm_station_fk foreign key (station_id) references station (station_id),
  constraint spc_alarm_acknowledged_whole check ((acknowledge_time is null) = (acknowledged_by = ''))
);
create index spc_alarm_open on spc_alarm (alarm_id) where acknowledge_time is null;
create index spc_alarm_by_chart on spc_alarm (station_id, operation, characteristic, position, alarm_id);
