-- Passports: nominal compositions, declared facts, issued versions.

-- The nominal composition of one piece of a product by substance, in milligrams. A part keeps the version that was in force when it was
-- made.
create table material_composition (
  material_id integer not null,
  version integer not null,
  from_time timestamptz not null,
  substances jsonb not null,
  constraint material_composition_pk primary key (material_id, version),
  constraint material_composition_material_fk foreign key (material_id) references material (material_id),
  constraint material_composition_version_counts check (version >= 1)
);

-- What identifiers of things in this plant are derived from, once and for all.
create table passport_namespace (
  only_one boolean not null default true,
  namespace text not null,
  constraint passport_namespace_pk primary key (only_one),
  constraint passport_namespace_one check (only_one)
);
insert into passport_namespace (namespace)
values (gen_random_uuid()::text);

-- What somebody states, for good: a later fact of the same name counts instead, and does not replace it.
create table passport_fact (
  fact_id bigint generated always as identity,
  -- 1 the plant, 2 a product, 3 a unit, 4 a lot.
  scope smallint not null,
  material_id integer,
  unit_id bigint,
  attribute text not null,
  subject text not null,
  value text not null,
  -- 2 measured, 4 declared.
  basis smallint not null,
  observe_time timestamptz not null,
  method text not null,
  evidence text not null,
  person text not null,
  record_time timestamptz not null,
  constraint passport_fact_pk primary key (fact_id),
  constraint passport_fact_material_fk foreign key (material_id) references material (material_id),
  constraint passport_fact_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint passport_fact_basis_known check (basis in (2, 4)),
  constraint passport_fact_scope_names_one check (
    (scope = 1 and material_id is null and unit_id is null)
    or (scope = 2 and material_id is not null and unit_id is null)
    or (scope in (3, 4) and material_id is null and unit_id is not null)
  ),
  constraint passport_fact_says_something check (value <> '')
);
create index passport_fact_by_unit on passport_fact (unit_id, attribute, subject, fact_id) where unit_id is not null;
create index passport_fact_by_material on passport_fact (material_id, attribute, subject, fact_id) where material_id is not null;
create index passport_fact_of_plant on passport_fact (attribute, subject, fact_id) where scope = 1;

-- Issued versions. The content is what was hashed, byte for byte.
create table passport_version (
  unit_id bigint not null,
  version integer not null,
  passport_identifier text not null,
  content bytea not null,
  content_hash text not null,
  previous_hash text not null,
  version_hash text not null,
  unit_code text not null,
  product_code text not null,
  revision integer not null,
  batch text not null,
  issue_time timestamptz not null,
  person text not null,
  constraint passport_version_pk primary key (unit_id, version),
  constraint passport_version_hash_unique unique (version_hash),
  constraint passport_version_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint passport_version_counts check (version >= 1),
  constraint passport_version_chain check ((version = 1) = (previous_hash = '')),
  constraint passport_version_hash_form check (content_hash ~ '^[0-9a-f]{64}$' and version_hash ~ '^[0-9a-f]{64}$')
);
