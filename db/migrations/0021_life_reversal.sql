-- Records of lives that were taken back: they stay, marked, and count no more.

alter table life_record
  add column reverse_time timestamptz,
  add column reverse_person text not null default '',
  add column reverse_reason text not null default '',
  add constraint life_record_reversed_whole check (
    (reverse_time is null) = (reverse_person = '') and (reverse_time is null) = (reverse_reason = ''));

-- Of what stands.
drop index life_record_ends_once;
create unique index life_record_ends_once on life_record (unit_id) where event in (8, 11) and reverse_time is null;

-- A record that was taken back gives a partner no sight of the unit. As 0016 has it otherwise.
create or replace function mes_partner_sees_unit(asked bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  with recursive around as (
    select u.unit_id, u.parent_id, 0 as level from unit u where u.unit_id = asked
    union all
    select u.unit_id, u.parent_id, around.level + 1 from around join unit u on u.unit_id = around.parent_id where around.level < 16
  )
  select exists (
    select 1
    from around
    where exists (select 1 from life_record l where l.unit_id = around.unit_id and l.party = current_setting('mes.partner', true)
        and l.reverse_time is null)
      or exists (select 1 from purchase p where p.unit_id = around.unit_id and p.supplier = current_setting('mes.partner', true))
      or exists (
        select 1 from partner_grant g
        where g.unit_id = around.unit_id and g.partner = current_setting('mes.partner', true)
          and g.revoke_time is null and g.until_time > now()))
$$;

-- A shipment that never left is taken back with its units' records of life.
alter table shipment
  add column cancel_time timestamptz,
  add column cancelled_by text not null default '',
  add column cancel_reason text not null default '',
  add constraint shipment_cancelled_whole check (
    (cancel_time is null) = (cancelled_by = '') and (cancel_time is null) = (cancel_reason = '')),
  add constraint shipment_arrived_or_cancelled check (cancel_time is null or deliver_time is null);
