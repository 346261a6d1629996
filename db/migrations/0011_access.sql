-- Access: who is let in by certificate, and the keys that were given out.

-- Moves with every change of the two tables below: servers keep them in memory and look at this only.
create table access_state (
  only_row boolean not null default true,
  version bigint not null,
  constraint access_state_pk primary key (only_row),
  constraint access_state_single check (only_row)
);
insert into access_state (version) values (1);

create table access_identity (
  name text not null,
  kind smallint not null,
  -- Bits of domain::Role.
  roles integer not null,
  -- Empty = none.
  partner_code text not null,
  -- SHA-256 of the certificates that may be shown; empty = any that the authority signed.
  fingerprints text[] not null,
  person text not null,
  register_time timestamptz not null,
  -- Null = in force.
  revoke_time timestamptz,
  revoke_reason text not null default '',
  revoke_person text not null default '',
  constraint access_identity_pk primary key (name),
  constraint access_identity_form check (name ~ '^ordos://[a-z0-9.-]{1,32}/(station|service|partner|person)/[A-Za-z0-9._-]{1,64}$'),
  constraint access_identity_kind_known check (kind between 1 and 4),
  constraint access_identity_has_roles check (roles > 0),
  constraint access_identity_station_only check (kind <> 1 or roles = 1),
  -- Bits of recycler and testing.
  constraint access_identity_partner_roles check (partner_code = '' or roles & ~96 = 0),
  constraint access_identity_fingerprints_few check (cardinality(fingerprints) <= 4)
);

create table access_key (
  key_id text not null,
  holder text not null,
  kind smallint not null,
  roles integer not null,
  partner_code text not null,
  -- HMAC-SHA256 of the key; the key itself is nowhere.
  digest bytea not null,
  person text not null,
  create_time timestamptz not null,
  expire_time timestamptz not null,
  last_use_time timestamptz,
  revoke_time timestamptz,
  revoke_reason text not null default '',
  revoke_person text not null default '',
  constraint access_key_pk primary key (key_id),
  constraint access_key_form check (key_id ~ '^[0-9a-f]{16}$'),
  constraint access_key_digest_form check (length(digest) = 32),
  constraint access_key_has_roles check (roles > 0),
  constraint access_key_no_station check (roles & 1 = 0),
  constraint access_key_partner_roles check (partner_code = '' or roles & ~96 = 0),
  constraint access_key_ends check (expire_time > create_time)
);
