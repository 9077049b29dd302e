-- What a job needs to run, in one round trip: those of its events that are left to do, and, in a row of its own, the
-- number under which the tenant's live functions may be kept. The number is read after the events: it is never older.
-- One look into each index per event, as the limits demand: the plan is kept, and it is made while the tables are
-- nearly empty.
CREATE FUNCTION load_work(tenant text, wanted text[])
  RETURNS TABLE (id text, type text, data text, accepted_at timestamptz, attempts integer, failures integer, todo jsonb,
                 generation text)
  LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp SET enable_seqscan = off
AS $$
BEGIN
  PERFORM set_config('app.tenant_id', tenant, true);
  RETURN QUERY
    SELECT w.id, e.type, e.data, e.accepted_at::timestamptz, w.attempts, w.failures, w.todo, NULL::text
      FROM unnest(wanted[:1000]) AS u(id)
        CROSS JOIN LATERAL (
          SELECT ew.* FROM event_work AS ew WHERE ew.id = u.id AND ew.tenant_id = tenant AND ew.status = 'ready' LIMIT 1
        ) AS w
        CROSS JOIN LATERAL (
          SELECT ev.* FROM events AS ev WHERE ev.tenant_id = tenant AND ev.id = w.id LIMIT 1
        ) AS e;
  RETURN QUERY SELECT NULL, NULL, NULL, NULL::timestamptz, NULL::integer, NULL::integer, NULL::jsonb,
                      live_generation(tenant);
END
$$;
REVOKE ALL ON FUNCTION load_work(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION load_work(text, text[]) TO tenon_app;
