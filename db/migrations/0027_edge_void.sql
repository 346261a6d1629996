-- An edge that had ended and, as its sender declared since, never was: it has no length from then on. What its end was stays beside it,
-- under the audit's chain as the end was, and when it was declared.
alter table assembly
  add column void_record_time timestamptz,
  add column void_end timestamptz,
  add constraint assembly_void_whole check ((void_record_time is null) = (void_end is null));
