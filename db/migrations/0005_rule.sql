-- Rules that act by themselves, what they have seen, and their alarms. A version of a rule never changes; only that it ended is added.

create table process_rule (
  rule_id integer generated always as identity,
  code text not null,
  version integer not null,
  -- domain::ProcessRuleKind.
  kind smallint not null,
  -- True: at the operations whose line_stops name it.
  by_routing boolean not null,
  -- Null and 0 = everywhere.
  material_id integer,
  operation smallint not null default 0,
  station_id integer,
  run_count integer not null default 0,
  run_window integer not null default 0,
  min_runs integer not null default 0,
  alarm_points double precision not null default 0,
  stop_points double precision not null default 0,
  scrap_share double precision not null default 0,
  fail_share double precision not null default 0,
  spc_rules text[] not null default '{}',
  classes text[] not null default '{}',
  -- domain::StopScope.
  stops smallint not null,
  holds boolean not null,
  release_role text not null,
  create_time timestamptz not null,
  created_by text not null,
  create_reason text not null,
  retire_time timestamptz,
  retired_by text,
  retire_reason text,
  constraint process_rule_pk primary key (rule_id),
  constraint process_rule_version_unique unique (code, version),
  constraint process_rule_material_fk foreign key (material_id) references material (material_id),
  constraint process_rule_station_fk foreign key (station_id) references station (station_id),
  constraint process_rule_kind_known check (kind between 1 and 7),
  constraint process_rule_stops_known check (stops between 0 and 3),
  constraint process_rule_retired_whole check (
    (retire_time is null) = (retired_by is null) and (retire_time is null) = (retire_reason is null))
);
-- One version of a rule is in force.
create unique index process_rule_in_force on process_rule (code) where retire_time is null;

create function refuse_rule_change() returns trigger language plpgsql as $$
begin
  if tg_op = upper('update') and old.retire_time is null
    and to_jsonb(new) - '{retire_time,retired_by,retire_reason}'::text[] = to_jsonb(old) - '{retire_time,retired_by,retire_reason}'::text[]
  then
    return new;
  end if;
  raise exception 'process_rule is immutable' using errcode = 'integrity_constraint_violation';
end $$;
create trigger process_rule_immutable before update or delete on process_rule for each row execute function refuse_rule_change();

-- The newest first runs of a station's operation, or of a line's (station_id 0). A snapshot of what station_event says.
create table run_ring (
  line_id integer not null,
  operation smallint not null,
  station_id integer not null,
  counts_from timestamptz not null,
  -- db/process_world.cc: oldest first, a pass as its time alone.
  runs text not null,
  constraint run_ring_pk primary key (line_id, operation, station_id)
) with (fillfactor = 50);

-- Alarms stay, whatever becomes of their rules.
create table process_alarm (
  alarm_id bigint generated always as identity,
  rule_id integer not null,
  sentence text not null,
  station_id integer not null,
  line_id integer not null,
  operation smallint not null,
  work_order_id integer,
  unit_id bigint,
  subject text not null default '',
  epoch integer not null,
  sequence bigint not null,
  occur_time timestamptz not null,
  record_time timestamptz not null,
  late boolean not null,
  -- domain::StopScope.
  stops smallint not null,
  hold_id bigint,
  -- [{"kind", "id", "detail"}].
  evidence jsonb not null,
  released_by text,
  released_role text,
  release_time timestamptz,
  release_reason text,
  constraint process_alarm_pk primary key (alarm_id),
  constraint process_alarm_rule_fk foreign key (rule_id) references process_rule (rule_id),
  constraint process_alarm_stops_known check (stops between 0 and 3),
  constraint process_alarm_released_whole check (
    (release_time is null) = (released_by is null) and (release_time is null) = (released_role is null)
    and (release_time is null) = (release_reason is null))
);
create index process_alarm_in_force on process_alarm (line_id) where release_time is null;
create index process_alarm_by_station on process_alarm (station_id, alarm_id);
create index process_alarm_by_order on process_alarm (work_order_id, alarm_id) where work_order_id is not null;
