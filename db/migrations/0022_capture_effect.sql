-- What captured events did to the units that they name, so that it can be taken back when they are declared errors.

alter table captured_event_unit
  -- 0 named only (edges, uses and lives name their event themselves), 1 came to exist by it, 2 scrapped by it.
  add column effect smallint not null default 0,
  add constraint captured_event_unit_effect_known check (effect between 0 and 2);
create index captured_event_unit_by_event on captured_event_unit (captured_event_id) where effect <> 0;

-- Of events from before: what is foreign and is named by a commissioning, or by a decommissioning and is scrapped.
update captured_event_unit c
set effect = case when e.body ->> 'bizStep' ~ '(decommissioning|destroying)$' then 2 else 1 end
from captured_event e, unit u
where e.captured_event_id = c.captured_event_id
  and u.unit_id = c.unit_id
  and u.revision_id is null
  and not e.wrong
  and e.body ->> 'type' = 'ObjectEvent'
  and ((e.body ->> 'action' = 'ADD' and e.body ->> 'bizStep' ~ '(^|[^e])(commissioning|creating_class_instance)$')
    or (u.state = 3 and e.body ->> 'bizStep' ~ '(decommissioning|destroying)$'));

-- Splits and merges: what a period's document tells of lots, and which lots came of one.
create index lot_change_by_time on lot_consumption (consume_time) where kind > 1;
create index lot_change_by_request on lot_consumption (request_id) where kind > 1;
