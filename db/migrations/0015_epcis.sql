-- Partners' EPCIS events, kept as they came, beside what they changed.

create table captured_event (
  captured_event_id bigint generated always as identity,
  -- CBV 2.0 event hash: the same event twice is one.
  hash bytea not null,
  event_time timestamptz not null,
  record_time timestamptz not null,
  partner text not null,
  person text not null,
  -- Its sender declared it an error, now or later.
  wrong boolean not null,
  -- One event of an epcisBody, with its hash as eventID; with @context where the document's had prefixes besides the vocabulary's.
  body jsonb not null,
  constraint captured_event_pk primary key (captured_event_id),
  constraint captured_event_hash_unique unique (hash),
  constraint captured_event_hash_whole check (length(hash) = 32)
);
create index captured_event_by_time on captured_event using brin (event_time);

-- The units and lots that an event names.
create table captured_event_unit (
  unit_id bigint not null,
  captured_event_id bigint not null,
  constraint captured_event_unit_pk primary key (unit_id, captured_event_id),
  constraint captured_event_unit_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint captured_event_unit_event_fk foreign key (captured_event_id) references captured_event (captured_event_id)
);

-- What came to exist in a period.
create index unit_by_create_time on unit using brin (create_time) with (autosummarize = on);
create index life_record_by_time on life_record using brin (occur_time);
