-- The monthly plan: each import is a version that never changes.

create table plan_version (
  version integer not null,
  -- 1 CSV, 2 ISA-95 JSON.
  format smallint not null,
  source text not null,
  person text not null,
  import_time timestamptz not null,
  line_count integer not null,
  -- year * 12 + (month - 1).
  first_month integer not null,
  last_month integer not null,
  constraint plan_version_pk primary key (version),
  constraint plan_version_counted check (version >= 1),
  constraint plan_version_format_known check (format in (1, 2)),
  constraint plan_version_filled check (line_count > 0 and first_month <= last_month)
);

create table plan_line (
  version integer not null,
  month integer not null,
  material_id integer not null,
  quantity_micro bigint not null,
  constraint plan_line_pk primary key (month, version, material_id),
  constraint plan_line_version_fk foreign key (version) references plan_version (version),
  constraint plan_line_material_fk foreign key (material_id) references material (material_id),
  constraint plan_line_not_negative check (quantity_micro >= 0)
);
