-- What became of each name on the list of identities: append-only, written beside every change by whatever made it.

alter table access_identity
  -- Why it was put there, or changed.
  add column register_reason text not null default '';

create table access_history (
  access_history_id bigint generated always as identity,
  name text not null,
  -- 1 put on the list, 2 changed, 3 shut out, 4 let in again.
  act smallint not null,
  -- As they were from then on.
  roles integer not null,
  partner_code text not null,
  fingerprints text[] not null,
  person text not null,
  reason text not null,
  act_time timestamptz not null,
  constraint access_history_pk primary key (access_history_id),
  constraint access_history_act_known check (act between 1 and 4)
);
create index access_history_by_name on access_history (name, access_history_id);

-- What is known of the time before: the last time that a name was put there, and that it was shut out.
insert into access_history (name, act, roles, partner_code, fingerprints, person, reason, act_time)
select name, 1, roles, partner_code, fingerprints, person, '', register_time
from access_identity
order by register_time, name;
insert into access_history (name, act, roles, partner_code, fingerprints, person, reason, act_time)
select name, 3, roles, partner_code, fingerprints, revoke_person, revoke_reason, revoke_time
from access_identity
where revoke_time is not null
order by revoke_time, name;

create function write_access_history() returns trigger language plpgsql as $$
declare
  out boolean := new.revoke_time is not null;
  was_out boolean := lower(tg_op) = 'update' and old.revoke_time is not null;
begin
  insert into access_history (name, act, roles, partner_code, fingerprints, person, reason, act_time)
  values (
    new.name,
    case when lower(tg_op) = 'insert' then 1 when out and not was_out then 3 when was_out and not out then 4 else 2 end,
    new.roles, new.partner_code, new.fingerprints,
    case when out and not was_out then new.revoke_person else new.person end,
    case when out and not was_out then new.revoke_reason else new.register_reason end,
    case when out and not was_out then new.revoke_time else new.register_time end);
  return null;
end $$;
create trigger access_identity_is_told after insert or update on access_identity
  for each row execute function write_access_history();

create trigger access_history_append_only before update or delete on access_history
  for each row execute function refuse_audit_change();
create trigger access_history_never_emptied before truncate on access_history
  for each statement execute function refuse_audit_change();
revoke all on access_history from public;
do $$
begin
  execute 'revoke update, delete, truncate, references, trigger on access_history from current_user';
end $$;
