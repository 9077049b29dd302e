-- A held event that may not run before a later time is not released before the minute of that time: the budgets it
-- would take room from are those of that minute. So held events go by when they can run first, as text like their ids.
CREATE INDEX event_work_held_idx ON event_work (tenant_id, (greatest(id, 'evt_' || public.ulid_time(not_before))))
  WHERE status = 'held';
