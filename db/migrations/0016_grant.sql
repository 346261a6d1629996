-- Partners' scope: what was granted, and the database's own guard over it (row-level security), beside the service's check.

create table partner_grant (
  partner_grant_id bigint generated always as identity,
  partner text not null,
  unit_id bigint not null,
  -- 1 public, 2 legitimate interest, 3 authorities.
  tier smallint not null,
  until_time timestamptz not null,
  reason text not null,
  person text not null,
  grant_time timestamptz not null,
  revoke_time timestamptz,
  revoke_reason text not null default '',
  revoke_person text not null default '',
  constraint partner_grant_pk primary key (partner_grant_id),
  constraint partner_grant_unit_fk foreign key (unit_id) references unit (unit_id),
  constraint partner_grant_tier_known check (tier between 1 and 3),
  constraint partner_grant_ends check (until_time > grant_time)
);
create index partner_grant_by_unit on partner_grant (unit_id, partner);
create index partner_grant_by_partner on partner_grant (partner, partner_grant_id);
create index life_record_by_party on life_record (party, unit_id) where party <> '';

-- A transaction for a partner runs as this role, with the partner's code in mes.partner. It owns nothing, logs in nowhere and may read only
-- what is granted below. Roles are the cluster's: databases made at one moment must not trip over each other.
do $$
begin
  create role mes_partner nologin;
exception when duplicate_object or unique_violation then
  null;
end $$;
do $$
begin
  if not pg_has_role(current_user, 'mes_partner', 'member') then
    execute format('grant mes_partner to %I', current_user);
  end if;
end $$;

-- Whether the partner of this transaction sees a single unit: something that it is or is inside of names the partner. Runs as the owner,
-- since the way up leads through units that the partner must not see.
create function mes_partner_sees_unit(asked bigint) returns boolean language sql stable security definer set search_path = public as $$
  with recursive around as (
    select u.unit_id, u.parent_id, 0 as level from unit u where u.unit_id = asked
    union all
    select u.unit_id, u.parent_id, around.level + 1 from around join unit u on u.unit_id = around.parent_id where around.level < 16
  )
  select exists (
    select 1
    from around
    where exists (select 1 from life_record l where l.unit_id = around.unit_id and l.party = current_setting('mes.partner', true))
      or exists (select 1 from purchase p where p.unit_id = around.unit_id and p.supplier = current_setting('mes.partner', true))
      or exists (
        select 1 from partner_grant g
        where g.unit_id = around.unit_id and g.partner = current_setting('mes.partner', true)
          and g.revoke_time is null and g.until_time > now()))
$$;
-- The same for lots, which are seen where they went into something seen. A lot's users may be a hundred thousand: the first that is seen
-- ends the search.
create function mes_partner_sees(asked bigint) returns boolean language plpgsql stable security definer set search_path = public as $$
begin
  if coalesce(current_setting('mes.partner', true), '') = '' then
    return false;
  end if;
  if not exists (select 1 from lot where lot.unit_id = asked) then
    return mes_partner_sees_unit(asked);
  end if;
  return mes_partner_sees_unit(asked) or exists (
    select 1 from lot_consumption c where c.lot_id = asked and c.reverse_record_time is null and mes_partner_sees(c.consumer_id));
end $$;
revoke all on function mes_partner_sees_unit(bigint), mes_partner_sees(bigint) from public;
grant execute on function mes_partner_sees(bigint) to mes_partner;

alter table unit enable row level security;
alter table lot enable row level security;
alter table purchase enable row level security;
alter table unit_code_history enable row level security;
alter table assembly enable row level security;
alter table lot_consumption enable row level security;
alter table station_event enable row level security;
alter table life_record enable row level security;
alter table unit_life enable row level security;
alter table second_life enable row level security;
alter table replacement enable row level security;
alter table captured_event enable row level security;
alter table captured_event_unit enable row level security;
alter table partner_grant enable row level security;

create policy partner_reads on unit for select to mes_partner using (mes_partner_sees(unit_id));
create policy partner_reads on lot for select to mes_partner using (mes_partner_sees(unit_id));
create policy partner_reads on unit_code_history for select to mes_partner using (mes_partner_sees(unit_id));
create policy partner_reads on assembly for select to mes_partner using (mes_partner_sees(parent_id));
create policy partner_reads on lot_consumption for select to mes_partner using (mes_partner_sees(consumer_id));
create policy partner_reads on station_event for select to mes_partner using (mes_partner_sees(unit_id));
create policy partner_reads on life_record for select to mes_partner using (mes_partner_sees(unit_id));
create policy partner_reads on unit_life for select to mes_partner using (mes_partner_sees(unit_id));
create policy partner_reads on second_life for select to mes_partner
  using (mes_partner_sees(old_unit_id) and mes_partner_sees(new_unit_id));
create policy partner_reads on replacement for select to mes_partner using (mes_partner_sees(unit_id));
-- Another partner's word is not handed on.
create policy partner_reads on captured_event for select to mes_partner using (partner = current_setting('mes.partner', true));
create policy partner_reads on captured_event_unit for select to mes_partner using (mes_partner_sees(unit_id));
create policy partner_reads on partner_grant for select to mes_partner using (partner = current_setting('mes.partner', true));
create policy partner_reads on purchase for select to mes_partner using (supplier = current_setting('mes.partner', true));
-- Orders and places on the floor are the plant's own business: no policy, no row.
alter table work_order enable row level security;
alter table carrier enable row level security;

grant select on unit, lot, purchase, unit_code_history, assembly, lot_consumption, station_event, life_record, unit_life, second_life,
  replacement, captured_event, captured_event_unit, partner_grant, work_order, carrier, code_rule to mes_partner;

-- Passports and recycling: what is of a unit by the unit, what is of a partner by the partner, masses and sheets for everybody.
alter table passport_version enable row level security;
alter table passport_fact enable row level security;
alter table recycling_batch enable row level security;
alter table recycling_unit enable row level security;
alter table recycling_unit_element enable row level security;
alter table recovered_lot enable row level security;
alter table recovered_element enable row level security;
create policy partner_reads on passport_version for select to mes_partner using (mes_partner_sees(unit_id));
create policy partner_reads on passport_fact for select to mes_partner using (unit_id is null or mes_partner_sees(unit_id));
create policy partner_reads on recycling_batch for select to mes_partner using (partner = current_setting('mes.partner', true));
create policy partner_reads on recycling_unit for select to mes_partner
  using (exists (select 1 from recycling_batch b where b.recycling_batch_id = recycling_unit.recycling_batch_id));
create policy partner_reads on recycling_unit_element for select to mes_partner
  using (exists (select 1 from recycling_unit u where u.unit_id = recycling_unit_element.unit_id));
create policy partner_reads on recovered_lot for select to mes_partner
  using (exists (select 1 from recycling_batch b where b.recycling_batch_id = recovered_lot.recycling_batch_id));
create policy partner_reads on recovered_element for select to mes_partner
  using (exists (select 1 from recovered_lot l where l.unit_id = recovered_element.unit_id));
grant select on passport_version, passport_fact, passport_namespace, material_composition, material_mass, material_element,
  dismantling_sheet, dismantling_step, recycling_batch, recycling_unit,
  recycling_unit_element, recovered_lot, recovered_element, material to mes_partner;
