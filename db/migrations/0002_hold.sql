-- Holds as standing rules: a predicate with a direction, what it caught and why, and what became of it.

alter table hold
  -- domain::HoldState: 1 spreading, 2 in force, 3 released.
  add column state smallint not null default 2,
  -- domain::HoldDirection.
  add column direction smallint not null default 1,
  -- domain::HoldPredicate; absent = not asked.
  add column predicate jsonb not null default '{}',
  -- What it rests on.
  add column evidence jsonb not null default '{}',
  -- Nothing is marked: the start of the predicate's operation is refused.
  add column at_operation boolean not null default false,
  -- More than a list of units: what matches later is caught.
  add column standing boolean not null default false,
  -- Releasing takes a second person.
  add column four_eyes boolean not null default false;
update hold set state = 3 where release_time is not null;
alter table hold
  add constraint hold_state_known check (state between 1 and 3),
  add constraint hold_direction_known check (direction between 1 and 4),
  add constraint hold_released_state check ((state = 3) = (release_time is not null));
-- What every commit of events reads.
create index hold_standing on hold (hold_id) where release_time is null and (standing or state = 1);

alter table hold_item
  -- Bits: 1 matches, 2 something that matches went into it, 4 part of something that matches.
  add column cause smallint not null default 1,
  -- When it was caught; null = with the hold.
  add column catch_time timestamptz,
  -- Released by itself; of a hold at an operation: let through.
  add column release_time timestamptz,
  add column disposition_id bigint,
  add constraint hold_item_released_whole check ((release_time is null) = (disposition_id is null));

-- What was decided about a hold's units, or (no rows in hold_disposition_unit) about the whole hold.
create table hold_disposition (
  disposition_id bigint generated always as identity,
  hold_id bigint not null,
  -- domain::HoldDisposition: 1 use as is, 2 rework, 3 scrap, 4 return to supplier.
  disposition smallint not null,
  -- Rework: where to; scrap: where found; 0 = not given.
  operation smallint not null,
  person text not null,
  role text not null,
  reason text not null,
  propose_time timestamptz not null,
  -- The second person, where four eyes are needed.
  approved_by text,
  approval_role text,
  approval_reason text,
  -- Null = waits for the second person.
  effect_time timestamptz,
  constraint hold_disposition_pk primary key (disposition_id),
  constraint hold_disposition_hold_fk foreign key (hold_id) references hold (hold_id),
  constraint hold_disposition_known check (disposition between 1 and 4),
  constraint hold_disposition_two_persons check (approved_by is null or approved_by <> person),
  constraint hold_disposition_approved_whole check ((approved_by is null) = (approval_role is null))
);
create index hold_disposition_by_hold on hold_disposition (hold_id);
create table hold_disposition_unit (
  disposition_id bigint not null,
  unit_id bigint not null,
  constraint hold_disposition_unit_pk primary key (disposition_id, unit_id),
  constraint hold_disposition_unit_disposition_fk foreign key (disposition_id) references hold_disposition (disposition_id)
);
create index hold_disposition_unit_by_unit on hold_disposition_unit (unit_id);

-- Edges that were made while a hold spread: the walk may have passed before them. Empty when none spreads.
create table hold_edge (
  parent_id bigint not null,
  child_id bigint not null
);

create index purchase_by_supplier_lot on purchase (supplier_lot, supplier);
create index purchase_by_supplier on purchase (supplier);
-- Runs by tool: only rows that name one are in it.
create index station_event_by_tool on station_event using gin ((details -> 'tools')) where details ? 'tools';
