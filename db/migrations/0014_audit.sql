-- The audit: who did or saw what, chained by SHA-256, its head signed. Nothing here is ever changed or removed: by grants (also the
-- owner's own) and by triggers. No foreign key points here, since checking one would need a right that nobody has.

create sequence audit_entry_number;

create table audit_entry (
  -- Drawn from the sequence: rolled-back transactions leave gaps, and a smaller number may be committed later than a larger one. The
  -- chain's order is audit_link's, which has neither.
  audit_id bigint not null default nextval('audit_entry_number'),
  -- The server's clock; of facts: the record_time of the commit.
  write_time timestamptz not null,
  -- How far the kernel trusts that clock (largest error); null = not known.
  clock_error_us bigint,
  -- domain::AuditKind: 1 change, 2 read, 3 facts.
  kind smallint not null,
  -- 1 synchronised, 2 not synchronised, 0 not known.
  clock smallint not null,
  -- Whether the caller's identity was proved.
  proved boolean not null,
  method text not null,
  caller text not null,
  noun text not null,
  noun_id text not null,
  request_id text not null,
  reason text not null,
  old_value text not null,
  new_value text not null,
  -- HMAC-SHA256 with a key that the database does not have; empty = the server had no key.
  mac bytea not null,
  constraint audit_entry_pk primary key (audit_id),
  constraint audit_entry_kind_known check (kind between 1 and 3),
  constraint audit_entry_clock_known check (clock between 0 and 2),
  constraint audit_entry_mac_whole check (length(mac) in (0, 32))
);
create index audit_entry_by_noun on audit_entry (noun_id, audit_id) where noun_id <> '';

-- The chain: 1, 2, 3 ... without gaps, each hash over the one before and the entry's content. Written by whoever seals, one at a time.
create table audit_link (
  link_no bigint not null,
  audit_id bigint not null,
  hash bytea not null,
  constraint audit_link_pk primary key (link_no),
  constraint audit_link_once unique (audit_id),
  constraint audit_link_positive check (link_no > 0),
  constraint audit_link_hash_whole check (length(hash) = 32)
);

-- Signed heads. Copies of them belong elsewhere.
create table audit_anchor (
  link_no bigint not null,
  hash bytea not null,
  anchor_time timestamptz not null,
  public_key bytea not null,
  signature bytea not null,
  constraint audit_anchor_pk primary key (link_no, anchor_time),
  constraint audit_anchor_whole check (length(hash) = 32 and length(public_key) = 32 and length(signature) = 64)
);

-- One chain per database, which is one site. Facts from before the audit are counted, so that none can be slipped in among them.
create table audit_chain (
  only_one boolean not null default true,
  chain_id text not null,
  create_time timestamptz not null,
  earlier_facts bigint[] not null,
  constraint audit_chain_pk primary key (only_one),
  constraint audit_chain_only_one check (only_one)
);
insert into audit_chain (chain_id, create_time, earlier_facts)
select
  gen_random_uuid()::text,
  now(),
  array[
    (select count(*) from station_event),
    (select count(*) from refused_event),
    (select count(*) from assembly),
    (select count(*) from assembly where remove_record_time is not null),
    (select count(*) from lot_consumption where kind = 1),
    (select count(*) from lot_consumption where kind = 1 and reverse_record_time is not null)
  ];

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['audit_entry', 'audit_link', 'audit_anchor', 'audit_chain'] loop
    execute format('create trigger %I before update or delete on %I for each row execute function refuse_audit_change()',
                   name || '_append_only', name);
    execute format('create trigger %I before truncate on %I for each statement execute function refuse_audit_change()',
                   name || '_never_emptied', name);
    execute format('revoke all on %I from public', name);
    execute format('revoke update, delete, truncate, references, trigger on %I from current_user', name);
  end loop;
  revoke insert on audit_chain from current_user;
end $$;

-- Electronic signatures: who signs with which key, which acts must be signed, and what was signed.
create table signer_key (
  public_key bytea not null,
  signer text not null,
  registered_by text not null,
  reason text not null,
  register_time timestamptz not null,
  constraint signer_key_pk primary key (public_key),
  constraint signer_key_whole check (length(public_key) = 32),
  constraint signer_key_vouched_by_another check (signer <> registered_by)
);
create index signer_key_by_signer on signer_key (signer, public_key);

create table signer_key_end (
  public_key bytea not null,
  ended_by text not null,
  reason text not null,
  end_time timestamptz not null,
  constraint signer_key_end_pk primary key (public_key)
);

-- The newest of a method counts.
create table signature_policy (
  signature_policy_id bigint generated always as identity,
  method text not null,
  required boolean not null,
  person text not null,
  reason text not null,
  create_time timestamptz not null,
  constraint signature_policy_pk primary key (signature_policy_id)
);
create index signature_policy_by_method on signature_policy (method, signature_policy_id);

create table record_signature (
  record_signature_id bigint generated always as identity,
  -- The RPC, and the record that its request is about.
  method text not null,
  noun text not null,
  noun_id text not null,
  person text not null,
  meaning text not null,
  sign_time timestamptz not null,
  record_time timestamptz not null,
  public_key bytea not null,
  signature bytea not null,
  -- The request's canonical content (mes.v1.Signature), and its SHA-256, which is what was signed.
  payload bytea not null,
  payload_sha256 bytea not null,
  constraint record_signature_pk primary key (record_signature_id),
  constraint record_signature_whole check (length(public_key) = 32 and length(signature) = 64 and length(payload_sha256) = 32)
);
create index record_signature_by_record on record_signature (noun, noun_id, record_signature_id);

do $$
declare
  name text;
begin
  foreach name in array array['signer_key', 'signer_key_end', 'signature_policy', 'record_signature'] loop
    execute format('create trigger %I before update or delete on %I for each row execute function refuse_audit_change()',
                   name || '_append_only', name);
    execute format('create trigger %I before truncate on %I for each statement execute function refuse_audit_change()',
                   name || '_never_emptied', name);
    execute format('revoke all on %I from public', name);
    execute format('revoke update, delete, truncate, references, trigger on %I from current_user', name);
  end loop;
end $$;
