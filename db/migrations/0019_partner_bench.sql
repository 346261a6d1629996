-- What a partner's dismantling sheet tells of holds. The tables of holds stay closed to partners: their texts, people and other units are
-- the plant's business. This function runs as the owner and gives a partner the numbers of those in force on units that it sees.

create function mes_holds_on(asked bigint[]) returns table (unit_id bigint, hold_id bigint, reason text)
language sql stable security definer set search_path = public, pg_temp as $$
  select item.unit_id, hold.hold_id, case when current_setting('role') = 'mes_partner' then '' else hold.reason end
  from unnest(asked) as given (unit_id)
  join hold_item item on item.unit_id = given.unit_id
  join hold on hold.hold_id = item.hold_id
  where hold.release_time is null
    and item.release_time is null
    and not hold.at_operation
    and (current_setting('role') <> 'mes_partner' or mes_partner_sees(item.unit_id))
  order by item.unit_id, hold.hold_id
$$;
revoke all on function mes_holds_on(bigint[]) from public;
grant execute on function mes_holds_on(bigint[]) to mes_partner;
