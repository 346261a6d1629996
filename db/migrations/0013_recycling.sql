-- Recycling and sales: masses, dismantling sheets, recycling batches and what came back of them, reporting duties, shipments.
-- Masses are exact: *_ug is a bigint of micrograms. Money is exact: *_minor is a bigint of the currency's smallest unit.

-- The mass of one unit of measure of a material, and what it states of its elements (domain::Element). The plant's files as loaded last.
create table material_mass (
  material_id integer not null,
  total_ug bigint not null,
  constraint material_mass_pk primary key (material_id),
  constraint material_mass_material_fk foreign key (material_id) references material (material_id),
  constraint material_mass_not_negative check (total_ug >= 0)
);
create table material_element (
  material_id integer not null,
  element smallint not null,
  mass_ug bigint not null,
  constraint material_element_pk primary key (material_id, element),
  constraint material_element_mass_fk foreign key (material_id) references material_mass (material_id),
  constraint material_element_positive check (mass_ug > 0),
  constraint material_element_known check (element between 1 and 12)
);

-- How a product is taken apart.
create table dismantling_sheet (
  material_id integer not null,
  standards text[] not null,
  max_voltage_v double precision not null,
  nominal_voltage_v double precision not null,
  safe_energy text not null,
  wait_minutes integer not null,
  hazards text[] not null,
  quarantine text not null,
  thresholds text[] not null,
  constraint dismantling_sheet_pk primary key (material_id),
  constraint dismantling_sheet_material_fk foreign key (material_id) references material (material_id)
);
create table dismantling_step (
  material_id integer not null,
  step smallint not null,
  action text not null,
  component_id integer not null,
  fastener text not null,
  count integer not null,
  tool text not null,
  minutes integer not null,
  hazard text not null,
  constraint dismantling_step_pk primary key (material_id, step),
  constraint dismantling_step_sheet_fk foreign key (material_id) references dismantling_sheet (material_id),
  constraint dismantling_step_component_fk foreign key (component_id) references material (material_id),
  constraint dismantling_step_counted check (step >= 1 and count >= 0 and minutes >= 0)
);

-- What a partner recycles together and accounts for together.
create table recycling_batch (
  recycling_batch_id bigint generated always as identity,
  partner text not null,
  place text not null,
  -- 1 open, 2 closed.
  state smallint not null,
  person text not null,
  open_time timestamptz not null,
  close_time timestamptz,
  closed_by text not null default '',
  evidence text not null default '',
  constraint recycling_batch_pk primary key (recycling_batch_id),
  constraint recycling_batch_state_known check (state between 1 and 2),
  constraint recycling_batch_closed_whole check ((state = 2) = (close_time is not null))
);
create index recycling_batch_by_partner on recycling_batch (partner, recycling_batch_id);

-- A thing goes into one batch, once ever.
create table recycling_unit (
  unit_id bigint not null,
  recycling_batch_id bigint not null,
  receive_time timestamptz not null,
  record_time timestamptz not null,
  dismantle_time timestamptz,
  -- Bits of domain::Observation.
  observations integer not null,
  -- What it contained when it came, with all parts that were in it; frozen, so that a balance never moves with a later plant file.
  total_ug bigint not null,
  -- False: of some part the mass is not known.
  mass_known boolean not null,
  battery boolean not null,
  constraint recycling_unit_pk primary key (unit_id),
  constraint recycling_unit_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint recycling_unit_batch_fk foreign key (recycling_batch_id) references recycling_batch (recycling_batch_id)
);
create index recycling_unit_by_batch on recycling_unit (recycling_batch_id, unit_id);
create table recycling_unit_element (
  unit_id bigint not null,
  element smallint not null,
  mass_ug bigint not null,
  constraint recycling_unit_element_pk primary key (unit_id, element),
  constraint recycling_unit_element_unit_fk foreign key (unit_id) references recycling_unit (unit_id),
  constraint recycling_unit_element_positive check (mass_ug > 0)
);

-- Lots that came back. Genealogy reads batch by batch: every unit of a batch is in every lot of it.
create table recovered_lot (
  unit_id bigint not null,
  recycling_batch_id bigint not null,
  recover_time timestamptz not null,
  record_time timestamptz not null,
  person text not null,
  evidence text not null,
  constraint recovered_lot_pk primary key (unit_id),
  constraint recovered_lot_unit_fk foreign key (unit_id) references lot (unit_id),
  constraint recovered_lot_batch_fk foreign key (recycling_batch_id) references recycling_batch (recycling_batch_id)
);
create index recovered_lot_by_batch on recovered_lot (recycling_batch_id, unit_id);
create table recovered_element (
  unit_id bigint not null,
  -- 99: no element of the balance (plastics, solvents, what is bound in compounds).
  element smallint not null,
  mass_ug bigint not null,
  constraint recovered_element_pk primary key (unit_id, element),
  constraint recovered_element_lot_fk foreign key (unit_id) references recovered_lot (unit_id),
  constraint recovered_element_positive check (mass_ug > 0)
);

-- What must be reported to the national platform. The due day is computed from the calendar when asked: a year's notice may come later.
create table duty (
  duty_id bigint generated always as identity,
  -- domain::DutyKind.
  kind smallint not null,
  unit_id bigint not null,
  party text not null,
  -- Calendar day in Asia/Shanghai of what brought it about.
  trigger_day date not null,
  create_time timestamptz not null,
  -- 1 open, 2 sent, 3 withdrawn.
  state smallint not null,
  end_time timestamptz,
  ended_by text not null default '',
  evidence text not null default '',
  constraint duty_pk primary key (duty_id),
  constraint duty_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint duty_state_known check (state between 1 and 3),
  constraint duty_ended_whole check ((state = 1) = (end_time is null))
);
create index duty_open on duty (kind, trigger_day) where state = 1;
create index duty_by_unit on duty (unit_id, duty_id);

create table shipment (
  shipment_id bigint generated always as identity,
  customer text not null,
  -- ISO 3166-1 alpha-2.
  country text not null,
  place text not null,
  -- ISO 4217.
  currency text not null,
  ship_time timestamptz not null,
  -- The plant day of ship_time.
  plant_day date not null,
  record_time timestamptz not null,
  person text not null,
  deliver_time timestamptz,
  delivered_by text not null default '',
  delivery_evidence text not null default '',
  constraint shipment_pk primary key (shipment_id),
  constraint shipment_country_form check (country ~ '^[A-Z]{2}$'),
  constraint shipment_currency_form check (currency ~ '^[A-Z]{3}$')
);
create index shipment_by_day on shipment (plant_day);
create table shipment_unit (
  shipment_id bigint not null,
  unit_id bigint not null,
  value_minor bigint not null,
  constraint shipment_unit_pk primary key (shipment_id, unit_id),
  constraint shipment_unit_shipment_fk foreign key (shipment_id) references shipment (shipment_id),
  constraint shipment_unit_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint shipment_unit_not_negative check (value_minor >= 0)
);
create index shipment_unit_by_unit on shipment_unit (unit_id);
create table shipment_document (
  shipment_id bigint not null,
  ordinal smallint not null,
  title text not null,
  uri text not null,
  sha256 text not null,
  constraint shipment_document_pk primary key (shipment_id, ordinal),
  constraint shipment_document_shipment_fk foreign key (shipment_id) references shipment (shipment_id),
  constraint shipment_document_hash_form check (sha256 ~ '^([0-9a-f]{64})?$')
);
