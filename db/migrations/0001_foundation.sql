-- The foundation: definitions, orders, units and lots, stations and their events, genealogy, holds.
-- House rules: one row of state per unit (a snapshot that folding its events gives again); events packed and partitioned by month of
-- occur_time; edges as intervals; an invariant is stated twice, as a domain rule and here as a constraint.
-- Quantities are exact: *_micro is a bigint of millionths of the material's unit of measure.

-- What exists ----------------------------------------------------------------------------------------------------------------------

create table material (
  material_id integer generated always as identity,
  code text not null,
  name text not null,
  name_zh text not null,
  uom text not null,
  tracking smallint not null,
  made boolean not null,
  shelf_life_days integer not null default 0,
  -- Everything else that the plant's files say of it, for later chapters (masses, nominal ratings, hazards).
  properties jsonb not null default '{}',
  constraint material_pk primary key (material_id),
  constraint material_code_unique unique (code),
  constraint material_uom_known check (uom in ('pc', 'set', 'kg', 'm2')),
  constraint material_tracking_known check (tracking between 1 and 3)
);

create table product_revision (
  revision_id integer generated always as identity,
  material_id integer not null,
  revision integer not null,
  digest text not null,
  release_time timestamptz not null,
  constraint product_revision_pk primary key (revision_id),
  constraint product_revision_unique unique (material_id, revision),
  constraint product_revision_material_fk foreign key (material_id) references material (material_id),
  constraint product_revision_counted check (revision >= 1)
);

create table bom_line (
  revision_id integer not null,
  line smallint not null,
  material_id integer not null,
  quantity_micro bigint not null,
  operation smallint not null,
  alternate_ids integer[] not null default '{}',
  constraint bom_line_pk primary key (revision_id, line),
  constraint bom_line_revision_fk foreign key (revision_id) references product_revision (revision_id),
  constraint bom_line_material_fk foreign key (material_id) references material (material_id),
  constraint bom_line_positive check (quantity_micro > 0)
);

create table operation (
  revision_id integer not null,
  operation smallint not null,
  code text not null,
  name text not null,
  name_zh text not null,
  operation_type text not null,
  station_class text not null,
  mandatory boolean not null,
  alternate_of smallint not null default 0,
  cycle_ms bigint not null,
  units_per_cycle double precision not null,
  stations_per_line integer not null,
  first_pass_yield double precision not null,
  scrap_rate double precision not null,
  max_retests smallint not null,
  rework_to smallint not null default 0,
  max_reworks smallint not null default 0,
  interlocks text[] not null,
  line_stops text[] not null,
  new_identity text not null default 'none',
  recipe_checksum text not null,
  software_version text not null default '',
  tightenings integer not null default 0,
  -- Texts and energies for later chapters.
  properties jsonb not null default '{}',
  constraint operation_pk primary key (revision_id, operation),
  constraint operation_code_unique unique (revision_id, code),
  constraint operation_revision_fk foreign key (revision_id) references product_revision (revision_id),
  constraint operation_identity_known check (new_identity in ('none', 'plant', 'gbt34014')),
  constraint operation_rework_back check (rework_to <= operation)
);

create table characteristic (
  revision_id integer not null,
  operation smallint not null,
  -- Order within the operation; values of an event stand in this order, each characteristic taking `replicates` places.
  ordinal smallint not null,
  code text not null,
  name text not null,
  unit text not null,
  nominal double precision not null,
  lower_limit double precision,
  upper_limit double precision,
  sampling_mode text not null,
  sampling_n integer not null,
  class text not null,
  replicates integer not null,
  constraint characteristic_pk primary key (revision_id, operation, ordinal),
  constraint characteristic_code_unique unique (revision_id, operation, code),
  constraint characteristic_operation_fk foreign key (revision_id, operation) references operation (revision_id, operation),
  constraint characteristic_limited check (lower_limit is not null or upper_limit is not null),
  constraint characteristic_limits_ordered check (lower_limit < upper_limit),
  constraint characteristic_class_known check (class in ('CC', 'SC', 'std'))
);

create table time_window (
  revision_id integer not null,
  -- Order within the routing: a unit's open clocks name their window by it.
  ordinal smallint not null,
  window_id text not null,
  from_operation smallint not null,
  from_event text not null,
  to_operation smallint not null,
  to_event text not null,
  min_seconds bigint,
  max_seconds bigint,
  late_action text not null,
  repeat_from smallint not null default 0,
  repeat_max smallint not null default 0,
  on_violation text not null,
  reason text not null,
  constraint time_window_pk primary key (revision_id, ordinal),
  constraint time_window_unique unique (revision_id, window_id),
  constraint time_window_revision_fk foreign key (revision_id) references product_revision (revision_id),
  constraint time_window_not_empty check (max_seconds is null or coalesce(min_seconds, 0) < max_seconds),
  constraint time_window_late_known check (late_action in ('refuse', 'flag', 'repeat'))
);

-- Rule texts by name (interlocks, line stops), as the plant's files give them.
create table plant_rule (
  kind text not null,
  code text not null,
  definition jsonb not null,
  constraint plant_rule_pk primary key (kind, code)
);

-- One row: counted up by every change of definitions or stations, so that servers know when to load theirs again.
create table plant_version (
  single boolean not null default true,
  version bigint not null,
  constraint plant_version_pk primary key (single),
  constraint plant_version_single check (single)
);
insert into plant_version (version) values (0);

-- A released revision never changes.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is immutable', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
create trigger product_revision_immutable before update or delete on product_revision for each row execute function refuse_change();
create trigger bom_line_immutable before update or delete on bom_line for each row execute function refuse_change();
create trigger operation_immutable before update or delete on operation for each row execute function refuse_change();
create trigger characteristic_immutable before update or delete on characteristic for each row execute function refuse_change();
create trigger time_window_immutable before update or delete on time_window for each row execute function refuse_change();

create table line (
  line_id integer generated always as identity,
  code text not null,
  material_id integer not null,
  constraint line_pk primary key (line_id),
  constraint line_code_unique unique (code),
  constraint line_material_fk foreign key (material_id) references material (material_id)
);

create table station (
  station_id integer generated always as identity,
  code text not null,
  line_id integer not null,
  station_class text not null,
  operations smallint[] not null,
  constraint station_pk primary key (station_id),
  constraint station_code_unique unique (code),
  constraint station_line_fk foreign key (line_id) references line (line_id)
);
create index station_by_class on station (station_class);
create index station_by_line on station (line_id);

-- Orders ---------------------------------------------------------------------------------------------------------------------------

create table work_order (
  work_order_id integer generated always as identity,
  code text not null,
  material_id integer not null,
  revision_id integer,
  state smallint not null,
  -- With ON_HOLD: the state to resume to.
  resume_state smallint,
  state_reason text not null default '',
  ordered_micro bigint not null,
  started_micro bigint not null default 0,
  good_micro bigint not null default 0,
  scrapped_micro bigint not null default 0,
  priority smallint not null,
  due_time timestamptz,
  parent_id integer,
  create_time timestamptz not null,
  constraint work_order_pk primary key (work_order_id),
  constraint work_order_code_unique unique (code),
  constraint work_order_material_fk foreign key (material_id) references material (material_id),
  constraint work_order_revision_fk foreign key (revision_id) references product_revision (revision_id),
  constraint work_order_parent_fk foreign key (parent_id) references work_order (work_order_id),
  constraint work_order_positive check (ordered_micro > 0),
  constraint work_order_balanced check (
    started_micro >= 0 and good_micro >= 0 and scrapped_micro >= 0 and good_micro + scrapped_micro <= started_micro),
  constraint work_order_pinned check (state = 1 or state = 7 or revision_id is not null),
  constraint work_order_priority_range check (priority between 0 and 1000)
);
create index work_order_by_parent on work_order (parent_id);
create index work_order_by_material on work_order (material_id, state);

-- Every move of an order, so that nothing is obscured.
create table work_order_transition (
  work_order_id integer not null,
  transition_time timestamptz not null,
  action smallint not null,
  from_state smallint not null,
  to_state smallint not null,
  person text not null,
  reason text not null,
  constraint work_order_transition_order_fk foreign key (work_order_id) references work_order (work_order_id)
);
create index work_order_transition_by_order on work_order_transition (work_order_id);

-- Units and lots -------------------------------------------------------------------------------------------------------------------

-- Everything with an identity is a unit; a lot is a unit that has a row in `lot` besides. The hot columns change with every event and
-- are in no index, so that updates stay on the page (HOT).
-- A server takes 2,048 ids at a time.
create sequence unit_id_seq as bigint increment by 2048;
create table unit (
  unit_id bigint not null,
  -- Bit i: operation i of the routing (by order, from 0) is passed and not voided since.
  passed bigint not null default 0,
  -- Bit i: operation i had a completed run since ever; the next one is no first run.
  attempted bigint not null default 0,
  -- Bit l: lot line l of the BOM was consumed.
  lot_lines bigint not null default 0,
  -- Bit j: characteristic j was measured in the run that is on.
  run_measured bigint not null default 0,
  running_since timestamptz,
  parent_id bigint,
  -- Open time windows: ordinal * 2^56 + microseconds since 1970-01-01 at which the clock started.
  clocks bigint[] not null default '{}',
  create_time timestamptz not null,
  finish_time timestamptz,
  material_id integer not null,
  revision_id integer,
  work_order_id integer,
  running_station integer,
  carrier_id integer,
  carrier_slot integer,
  -- Per operation that was ever retested or reworked: operation index * 65536 + retests since repair * 256 + reworks;
  -- indices from 64 on: repeats of time window (index - 64).
  counters integer[] not null default '{}',
  -- A completion that came before its start, which is still awaited: its station and operation number.
  unstarted_station integer,
  unstarted_operation smallint,
  state smallint not null,
  tracking smallint not null,
  hold_count smallint not null default 0,
  -- Operation numbers; 0 = none.
  running_operation smallint not null default 0,
  failed_operation smallint not null default 0,
  -- domain::RunPurpose of the run that is on; 0 = none.
  run_purpose smallint not null default 0,
  run_tightenings smallint not null default 0,
  run_out_of_limits boolean not null default false,
  -- True: made here, or bought with a supplier's passport and a passed goods-in test (STACK_SOURCE).
  source_proven boolean not null default true,
  serial_slots_filled smallint not null default 0,
  parent_line smallint,
  parent_slot smallint,
  use_count smallint not null default 0,
  code text not null,
  grade text not null default '',
  -- The grade that what was built in so far shares (GROUP_MATCH).
  group_grade text not null default '',
  constraint unit_pk primary key (unit_id),
  constraint unit_material_fk foreign key (material_id) references material (material_id),
  constraint unit_state_known check (state between 1 and 4),
  constraint unit_not_own_parent check (parent_id <> unit_id),
  constraint unit_hold_count_not_negative check (hold_count >= 0)
) with (fillfactor = 60);
create unique index unit_code_unique on unit (code);
-- Lots are few among the units; without this a list of them would walk all codes.
create index unit_lot_by_code on unit (code) where tracking = 2;
create index unit_by_parent on unit (parent_id) where parent_id is not null;
create index unit_by_order on unit (work_order_id, unit_id) where work_order_id is not null;
create index unit_by_carrier on unit (carrier_id) where carrier_id is not null;

-- Codes that a unit had before; a temporary one (a tray position) may have had several units.
create table unit_code_history (
  code text not null,
  unit_id bigint not null,
  until_time timestamptz not null,
  constraint unit_code_history_unit_fk foreign key (unit_id) references unit (unit_id)
);
create index unit_code_history_by_code on unit_code_history (code);
create index unit_code_history_by_unit on unit_code_history (unit_id);

-- Where bought units and lots come from.
create table purchase (
  unit_id bigint not null,
  supplier text not null,
  supplier_lot text not null default '',
  passport_reference text not null default '',
  goods_in_test_passed boolean not null default false,
  receive_time timestamptz not null,
  constraint purchase_pk primary key (unit_id),
  constraint purchase_unit_fk foreign key (unit_id) references unit (unit_id)
);

create table lot (
  unit_id bigint not null,
  quantity_micro bigint not null,
  left_micro bigint not null,
  manufacture_time timestamptz not null,
  expire_time timestamptz,
  open_time timestamptz,
  floor_life_seconds bigint not null default 0,
  constraint lot_pk primary key (unit_id),
  constraint lot_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint lot_left_in_range check (left_micro between 0 and quantity_micro)
) with (fillfactor = 80);

create table carrier (
  carrier_id integer generated always as identity,
  code text not null,
  constraint carrier_pk primary key (carrier_id),
  constraint carrier_code_unique unique (code)
);

-- Genealogy ------------------------------------------------------------------------------------------------------------------------

-- Unit in unit, as intervals. Positions are (BOM line, slot).
create table assembly (
  parent_id bigint not null,
  child_id bigint not null,
  install_time timestamptz not null,
  install_record_time timestamptz not null,
  remove_time timestamptz,
  remove_record_time timestamptz,
  install_sequence bigint not null,
  remove_sequence bigint,
  install_station integer not null,
  install_epoch integer not null,
  remove_station integer,
  remove_epoch integer,
  line smallint not null,
  slot smallint not null,
  constraint assembly_not_own_part check (parent_id <> child_id),
  constraint assembly_interval check (remove_time >= install_time),
  constraint assembly_removed_whole check ((remove_time is null) = (remove_record_time is null)),
  constraint assembly_slot_positive check (line > 0 and slot > 0)
);
-- One part in two parents is impossible.
create unique index assembly_child_once on assembly (child_id) where remove_time is null;
-- Two parts in one position are impossible. Also the way down a trace.
create unique index assembly_position_once on assembly (parent_id, line, slot) where remove_time is null;
create index assembly_removed_parent on assembly (parent_id) where remove_time is not null;
create index assembly_removed_child on assembly (child_id) where remove_time is not null;
-- A child stands here once or twice; ANALYZE guesses far too few distinct values and the planner then goes astray.
alter table assembly alter column child_id set (n_distinct = -0.9);
alter table assembly alter column parent_id set (n_distinct = -0.03);

-- Lot in unit or lot. A table apart: one lot has a thousand times the edges of a unit.
create table lot_consumption (
  lot_id bigint not null,
  consumer_id bigint not null,
  quantity_micro bigint not null,
  consume_time timestamptz not null,
  record_time timestamptz not null,
  reverse_record_time timestamptz,
  sequence bigint not null,
  station_id integer not null,
  epoch integer not null,
  operation smallint not null,
  line smallint not null,
  -- 1 consumed, 2 split, 3 merged.
  kind smallint not null,
  -- Of a split or merge, which no station reports: station, epoch and sequence are then 0.
  request_id text,
  constraint lot_consumption_positive check (quantity_micro > 0),
  constraint lot_consumption_not_itself check (lot_id <> consumer_id),
  constraint lot_consumption_kind_known check (kind between 1 and 3)
);
create index lot_consumption_by_consumer on lot_consumption (consumer_id);
create index lot_consumption_by_lot on lot_consumption (lot_id, consumer_id);
alter table lot_consumption alter column consumer_id set (n_distinct = -0.1);

-- Stations' events -----------------------------------------------------------------------------------------------------------------

create table station_cursor (
  station_id integer not null,
  epoch integer not null,
  last_sequence bigint not null,
  recorded_events bigint not null,
  rejected_events bigint not null,
  constraint station_cursor_pk primary key (station_id),
  constraint station_cursor_station_fk foreign key (station_id) references station (station_id),
  constraint station_cursor_counted check (epoch >= 1 and last_sequence >= 0)
) with (fillfactor = 50);

-- One row per event and unit. No unique key: the cursor makes it exactly once. Columns wide to narrow.
create table station_event (
  occur_time timestamptz not null,
  record_time timestamptz not null,
  -- 0: about no unit.
  unit_id bigint not null,
  sequence bigint not null,
  -- 64-bit hash of the event's content: tells a resend from a second use of its number.
  digest bigint not null,
  station_id integer not null,
  epoch integer not null,
  revision_id integer,
  carrier_id integer,
  -- Operation number.
  operation smallint not null,
  -- domain::EventKind.
  kind smallint not null,
  -- domain::Judgement that counts, and the station's own; 0 = none.
  judgement smallint not null,
  station_judgement smallint not null,
  -- domain::RunPurpose of a start; 0 = none.
  purpose smallint not null,
  -- Operation number that a rework returned to; 0 = none. Results from there on are superseded by it.
  return_to smallint not null,
  -- domain::EventFlag bits.
  flags smallint not null,
  failure_code text,
  -- A rework start: the counter that it used (operation index, or 64 + window ordinal); null = none.
  rework_counter smallint,
  -- consumed, installed, removed: the BOM line. Carrier events: the slot; installed, removed: the slot in the line.
  line smallint,
  slot integer,
  -- consumed, installed, removed: the lot or component.
  other_unit_id bigint,
  -- consumed: how much; completed on a lot's route: how much is good; scrapped: how much.
  quantity_micro bigint,
  material_open_time timestamptz,
  operator_id text,
  grade text,
  new_code text,
  -- Values in the order of the operation's characteristics, each taking its replicates; null = not reported.
  measured double precision[],
  -- Curves, reasons, persons.
  details jsonb
) partition by range (occur_time);
create index station_event_by_unit on station_event (unit_id);
create index station_event_by_time on station_event using brin (occur_time) with (autosummarize = on);

-- Refused attempts are kept too.
create table refused_event (
  occur_time timestamptz not null,
  record_time timestamptz not null,
  sequence bigint not null,
  digest bigint not null,
  station_id integer not null,
  epoch integer not null,
  -- domain::EventKind.
  kind smallint not null,
  -- The unit's or carrier's code as it was sent.
  subject_code text not null,
  -- [{"code", "sentence", "releasable_by", "unit_code", "evidence": [{"kind", "id", "detail"}]}].
  refusals jsonb not null,
  -- The event as it was sent (mes.v1.StationEvent).
  content bytea not null
);
create index refused_event_by_station on refused_event (station_id, epoch, sequence);

-- Facts about stations and people, with a validity.
create table station_condition (
  -- 0: about a person, wherever he or she is.
  station_id integer not null,
  person text not null,
  kind smallint not null,
  in_order boolean not null,
  occur_time timestamptz not null,
  expire_time timestamptz not null,
  readings jsonb not null,
  evidence text not null,
  sequence bigint not null,
  reporting_station integer not null,
  epoch integer not null,
  constraint station_condition_interval check (expire_time >= occur_time)
);
create index station_condition_by_station on station_condition (station_id, person, expire_time);

-- Yield ----------------------------------------------------------------------------------------------------------------------------

-- Counters kept in the transaction of the events. plant_day: the day from 08:00 Asia/Shanghai in which the run completed.
create table operation_yield (
  work_order_id integer not null,
  station_id integer not null,
  plant_day date not null,
  operation smallint not null,
  first_runs bigint not null,
  first_passes bigint not null,
  runs bigint not null,
  retests bigint not null,
  reworks bigint not null,
  aborts bigint not null,
  scrapped bigint not null,
  constraint operation_yield_pk primary key (work_order_id, operation, plant_day, station_id)
) with (fillfactor = 70);

-- Holds ----------------------------------------------------------------------------------------------------------------------------

create table hold (
  hold_id bigint generated always as identity,
  reason text not null,
  placed_by text not null,
  place_time timestamptz not null,
  released_by text,
  release_time timestamptz,
  release_reason text,
  constraint hold_pk primary key (hold_id),
  constraint hold_released_whole check ((released_by is null) = (release_time is null) and (released_by is null) = (release_reason is null))
);

-- Which units and lots a hold covers. unit.hold_count is the number of those in force.
create table hold_item (
  hold_id bigint not null,
  unit_id bigint not null,
  -- True: named in the hold; false: reached through genealogy.
  named boolean not null,
  constraint hold_item_pk primary key (unit_id, hold_id),
  constraint hold_item_hold_fk foreign key (hold_id) references hold (hold_id)
);
create index hold_item_by_hold on hold_item (hold_id);

-- Requests -------------------------------------------------------------------------------------------------------------------------

-- Answers of mutating calls, so that a resend gets the first answer.
create table request_log (
  request_id text not null,
  method text not null,
  digest bigint not null,
  response bytea not null,
  record_time timestamptz not null default now(),
  constraint request_log_pk primary key (request_id)
);
