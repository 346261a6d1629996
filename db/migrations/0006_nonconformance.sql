-- Nonconformance: failure codes as policies, reports with their life, what was decided on their units, and failure counts for Pareto.

-- A policy is never changed, only replaced by its next version: who, when, why. material_id null: of every product; operation 0: at
-- every operation. The most specific one in force counts; one that is withdrawn leaves the word to the next.
create table failure_code (
  failure_code_id integer generated always as identity,
  code text not null,
  material_id integer,
  operation smallint not null,
  version integer not null,
  needs_disposition boolean not null,
  -- How often a unit may be reworked for this code; null = as the routing says.
  repair_limit smallint,
  -- The operation that a rework starts at; 0 = as the routing says.
  route smallint not null,
  opens_ncr boolean not null,
  -- domain::Severity.
  severity smallint not null,
  withdrawn boolean not null,
  reason text not null,
  person text not null,
  create_time timestamptz not null,
  constraint failure_code_pk primary key (failure_code_id),
  constraint failure_code_version_unique unique nulls not distinct (code, material_id, operation, version),
  constraint failure_code_material_fk foreign key (material_id) references material (material_id),
  constraint failure_code_scoped check (material_id is not null or (operation = 0 and route = 0)),
  constraint failure_code_route_back check (operation = 0 or route <= operation),
  constraint failure_code_route_repairs check (route = 0 or repair_limit is distinct from 0),
  constraint failure_code_disposed_on_report check (opens_ncr or not needs_disposition),
  constraint failure_code_critical_reported check (opens_ncr or severity <> 3),
  constraint failure_code_severity_known check (severity between 1 and 3),
  constraint failure_code_repair_limit_range check (repair_limit between 0 and 255)
);
create trigger failure_code_immutable before update or delete on failure_code for each row execute function refuse_change();

-- The unit's open failure and its repairs, a snapshot like the rest of the row: {code, disposition, repaired code, times, ...}; null for
-- the many that never failed.
alter table unit add column failure text[];

-- Nonconformance reports.
create table ncr (
  ncr_id bigint generated always as identity,
  -- domain::NcrState.
  state smallint not null,
  -- Opened by a failure code's policy in the events' own transaction; null = by hand.
  failure_code_id integer,
  material_id integer,
  -- 0 = none.
  operation smallint not null,
  station_id integer not null,
  failure_code text not null,
  severity smallint not null,
  description text not null,
  -- Rows in ncr_unit, ever.
  units bigint not null,
  hold_ids bigint[] not null default '{}',
  containment text not null default '',
  -- Each answers the question why of the one before it.
  whys text[] not null default '{}',
  -- domain::CauseCategory; 0 = not analysed yet.
  cause_category smallint not null default 0,
  corrective_action text not null default '',
  corrective_owner text not null default '',
  corrective_due timestamptz,
  preventive_action text not null default '',
  preventive_owner text not null default '',
  preventive_due timestamptz,
  verification text not null default '',
  verification_evidence text not null default '',
  verified_by text not null default '',
  opened_by text not null,
  open_time timestamptz not null,
  constraint ncr_pk primary key (ncr_id),
  constraint ncr_policy_fk foreign key (failure_code_id) references failure_code (failure_code_id),
  constraint ncr_state_known check (state between 1 and 7),
  constraint ncr_severity_known check (severity between 1 and 3),
  constraint ncr_cause_known check (cause_category between 0 and 6),
  -- Nobody verifies what is his own.
  constraint ncr_verified_by_another check (verified_by = '' or (verified_by <> corrective_owner and verified_by <> preventive_owner)),
  constraint ncr_verified_whole check ((verified_by = '') = (verification = '') and (verified_by = '') = (verification_evidence = ''))
);
-- One open report takes all units that fail alike: a bad morning is one report, not a hundred.
create unique index ncr_open_of_policy on ncr (material_id, operation, failure_code) where state = 1 and failure_code_id is not null;
create index ncr_by_state on ncr (state, ncr_id);

-- Every move, so that nothing is obscured.
create table ncr_transition (
  ncr_id bigint not null,
  transition_time timestamptz not null,
  action smallint not null,
  from_state smallint not null,
  to_state smallint not null,
  person text not null,
  role text not null,
  reason text not null,
  constraint ncr_transition_ncr_fk foreign key (ncr_id) references ncr (ncr_id)
);
create index ncr_transition_by_ncr on ncr_transition (ncr_id);

-- What a report is about: a unit or lot each time that it failed so; named by hand: station, epoch and sequence are 0.
create table ncr_unit (
  ncr_id bigint not null,
  unit_id bigint not null,
  sequence bigint not null,
  station_id integer not null,
  epoch integer not null,
  add_time timestamptz not null,
  -- The event was reversed: nothing is to be decided any more.
  withdraw_time timestamptz,
  dispose_time timestamptz,
  -- domain::FailureDisposition; null = open.
  disposition smallint,
  concession text,
  reason text,
  person text,
  second_person text,
  role text,
  constraint ncr_unit_pk primary key (ncr_id, unit_id, station_id, epoch, sequence),
  constraint ncr_unit_ncr_fk foreign key (ncr_id) references ncr (ncr_id),
  constraint ncr_unit_disposition_known check (disposition between 1 and 7),
  constraint ncr_unit_disposed_whole check (
    (disposition is null) = (dispose_time is null) and (disposition is null) = (person is null) and (disposition is null) = (reason is null)
    and (disposition is null) = (role is null)),
  constraint ncr_unit_use_as_is_conceded check (disposition <> 4 or concession <> ''),
  constraint ncr_unit_second_is_another check (second_person <> person)
);
create index ncr_unit_open_by_unit on ncr_unit (unit_id) where disposition is null and withdraw_time is null;
create index ncr_unit_by_event on ncr_unit (station_id, epoch, sequence);

-- Failures counted in the transaction of the events; plant_day as in operation_yield.
create table failure_count (
  plant_day date not null,
  material_id integer not null,
  station_id integer not null,
  operation smallint not null,
  failure_code text not null,
  failed_runs bigint not null,
  first_run_fails bigint not null,
  scrapped bigint not null,
  constraint failure_count_pk primary key (material_id, plant_day, operation, station_id, failure_code)
) with (fillfactor = 70);
create index failure_count_by_day on failure_count (plant_day);
