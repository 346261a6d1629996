-- The whole genealogy under the audit's chain: station conditions, edges of split and merged lots, what was recycled and what came back of
-- it. And which key an entry's HMAC is under, so that a key can be changed.

-- When the report was stored; null: from before.
alter table station_condition add column record_time timestamptz;

-- The first 8 bytes of a SHA-256 of the key's public half (domain::KeyIdBytes); empty: no HMAC, or from before keys had names.
alter table audit_entry add column key_id bytea not null default '';
alter table audit_entry add constraint audit_entry_key_whole check (length(key_id) in (0, 8));

-- Rows from before are counted, so that none can be slipped in among them. The count is an entry of the chain; a verification takes it from
-- nowhere else, and only from before the first entry that names its key. Without such rows there is none.
insert into audit_entry (
  write_time, clock_error_us, kind, clock, proved, method, caller, noun, noun_id, request_id, reason, old_value, new_value, mac)
select
  now(), null, 1, 0, false, 'CoverFacts', '', 'audit', 'audit', '', 'rows from before they were under the chain', '',
  jsonb_build_object('station_condition', c, 'lot_edge', e, 'recycled_unit', u, 'recovered_lot', l)::text, ''
from (
  select
    (select count(*) from station_condition) as c,
    (select count(*) from lot_consumption where kind <> 1) as e,
    (select count(*) from recycling_unit) as u,
    (select count(*) from recovered_lot) as l
) counted
where c + e + u + l > 0;
