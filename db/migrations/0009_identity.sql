-- Identities: coding rules, codes given out, lives and replacements.

-- Who owns a coding prefix (positions 1 to 7 of GB/T 34014) or a GTIN, for good and alone.
create table code_rule (
  code_rule_id integer generated always as identity,
  material_id integer not null,
  prefix text,
  traceability text not null,
  gtin text,
  person text not null,
  create_time timestamptz not null,
  constraint code_rule_pk primary key (code_rule_id),
  constraint code_rule_prefix_unique unique (prefix),
  constraint code_rule_gtin_unique unique (gtin),
  constraint code_rule_material_fk foreign key (material_id) references material (material_id),
  constraint code_rule_owns_something check (prefix is not null or gtin is not null),
  constraint code_rule_prefix_form check (prefix ~ '^[0-9A-HJ-NP-Z]{3}[PMC][A-GZ][0-9A-HJ-NP-Z]{2}$'),
  constraint code_rule_traceability_form check (prefix is null or traceability ~ '^[0-9A-HJ-NP-Z]{7}$'),
  constraint code_rule_gtin_form check (gtin ~ '^[0-9]{14}$')
);
create index code_rule_by_material on code_rule (material_id, code_rule_id);

-- The last running number of a manufacturer, product type, life and day. Locked by whoever takes the next ones, and rolled back with
-- them: no gap, no repeat.
create table code_series (
  manufacturer text not null,
  product_type text not null,
  second_life boolean not null,
  production_day date not null,
  last_serial integer not null,
  constraint code_series_pk primary key (manufacturer, product_type, second_life, production_day),
  constraint code_series_range check (last_serial between 1 and 9999999)
) with (fillfactor = 70);

-- Codes given out, as ranges: a code is known by its prefix, day and running number.
create table code_batch (
  code_batch_id bigint generated always as identity,
  code_rule_id integer not null,
  -- Of the rule, for the look-up by a code's text.
  prefix text not null,
  -- Level of the old product; empty = a new product.
  reuse_level text not null,
  traceability text not null,
  production_day date not null,
  first_serial integer not null,
  count integer not null,
  -- Null = any.
  work_order_id integer,
  station_id integer,
  person text not null,
  issue_time timestamptz not null,
  constraint code_batch_pk primary key (code_batch_id),
  constraint code_batch_once unique (prefix, production_day, reuse_level, first_serial),
  constraint code_batch_rule_fk foreign key (code_rule_id) references code_rule (code_rule_id),
  constraint code_batch_order_fk foreign key (work_order_id) references work_order (work_order_id),
  constraint code_batch_station_fk foreign key (station_id) references station (station_id),
  constraint code_batch_range check (first_serial >= 1 and count >= 1 and first_serial + count - 1 <= 9999999)
);
create index code_batch_by_rule on code_batch (code_rule_id, code_batch_id);

-- Codes that were given out and will never be used.
create table code_void (
  code text not null,
  code_batch_id bigint not null,
  reason text not null,
  person text not null,
  void_time timestamptz not null,
  constraint code_void_pk primary key (code),
  constraint code_void_batch_fk foreign key (code_batch_id) references code_batch (code_batch_id)
);

-- Where a unit stands in its life: the fold of its records. Units without a row have no records.
create table unit_life (
  unit_id bigint not null,
  state smallint not null,
  used boolean not null,
  reused boolean not null,
  remanufactured boolean not null,
  repurposed boolean not null,
  last_time timestamptz,
  constraint unit_life_pk primary key (unit_id),
  constraint unit_life_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint unit_life_state_known check (state between 1 and 10)
);

create table life_record (
  life_record_id bigint generated always as identity,
  unit_id bigint not null,
  event smallint not null,
  occur_time timestamptz not null,
  record_time timestamptz not null,
  person text not null,
  party text not null,
  place text not null,
  evidence text not null,
  -- Second life: the code that the thing goes on under. Taken out, built in: the unit around it.
  other_code text not null,
  -- Taken out: the unit around it had been in service.
  used boolean not null,
  constraint life_record_pk primary key (life_record_id),
  constraint life_record_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint life_record_event_known check (event between 1 and 13)
);
create index life_record_by_unit on life_record (unit_id, life_record_id);
-- A thing is recycled once, and goes on under one new code.
create unique index life_record_ends_once on life_record (unit_id) where event in (8, 11);

-- The old unit and the new one, both ways.
create table second_life (
  old_unit_id bigint not null,
  new_unit_id bigint not null,
  start_time timestamptz not null,
  constraint second_life_pk primary key (old_unit_id),
  constraint second_life_new_unique unique (new_unit_id),
  constraint second_life_old_fk foreign key (old_unit_id) references unit (unit_id),
  constraint second_life_new_fk foreign key (new_unit_id) references unit (unit_id),
  constraint second_life_not_itself check (old_unit_id <> new_unit_id)
);

-- Parts taken out and put in after a unit left its route. Edges and history name it: station 0, epoch 0 (out) or 1 (in), sequence = its id.
create table replacement (
  replacement_id bigint generated always as identity,
  unit_id bigint not null,
  removed_id bigint,
  installed_id bigint,
  line smallint not null,
  slot smallint not null,
  forced boolean not null,
  -- Names of the reasons that forcing overrode.
  overridden text[] not null,
  reason text not null,
  person text not null,
  role text not null,
  evidence text not null,
  occur_time timestamptz not null,
  record_time timestamptz not null,
  constraint replacement_pk primary key (replacement_id),
  constraint replacement_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint replacement_moves_something check (removed_id is not null or installed_id is not null)
);
create index replacement_by_unit on replacement (unit_id, replacement_id);
