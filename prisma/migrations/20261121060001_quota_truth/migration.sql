-- What the counts of the quotas in Redis are made from, and how held events find their way back.

-- The plan of a tenant and what it used since the beginning of a month, in one round trip. Row-level security binds it
-- to the tenant that it names, as anywhere else.
CREATE FUNCTION quota_truth(tenant text, month_start timestamptz)
  RETURNS TABLE (plan text, quotas jsonb, executions bigint, instructions bigint)
  LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp
AS $$
BEGIN
  PERFORM set_config('app.tenant_id', tenant, true);
  RETURN QUERY
    SELECT t.plan, p.quotas, u.executions, u.instructions
      FROM tenants AS t JOIN plans AS p ON p.name = t.plan
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(part.executions), 0)::bigint AS executions,
               coalesce(sum(part.instructions), 0)::bigint AS instructions
          FROM (
            SELECT h.executions, h.instructions FROM usage_hours AS h WHERE h.tenant_id = tenant AND h.hour >= month_start
            UNION ALL
            SELECT d.executions, d.instructions FROM usage_deltas AS d WHERE d.tenant_id = tenant AND d.hour >= month_start
          ) AS part
      ) AS u
      WHERE t.id = tenant;
END
$$;
REVOKE ALL ON FUNCTION quota_truth(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION quota_truth(text, timestamptz) TO tenon_app;

-- Tenants with held events, behind `after` by their ids. One look into the index per tenant, however many are held.
CREATE FUNCTION tenants_with_held_events(after text, rows_max integer) RETURNS SETOF text
  LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
  WITH RECURSIVE held AS (
    (SELECT w.tenant_id, 1 AS place FROM event_work AS w
       WHERE w.status <> 'ready' AND w.status = 'held' AND w.tenant_id > after ORDER BY w.tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT w.tenant_id FROM event_work AS w
              WHERE w.status <> 'ready' AND w.status = 'held' AND w.tenant_id > h.tenant_id
              ORDER BY w.tenant_id LIMIT 1), h.place + 1
      FROM held AS h WHERE h.tenant_id IS NOT NULL AND h.place < least(rows_max, 1000)
  )
  SELECT h.tenant_id FROM held AS h WHERE h.tenant_id IS NOT NULL
$$;
REVOKE ALL ON FUNCTION tenants_with_held_events(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_with_held_events(text, integer) TO tenon_scheduler;

-- Which share of the machine each tenant has, behind `after` by their ids: what the fair queue is told.
CREATE POLICY shares_reads ON plans FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION tenant_shares(after text, rows_max integer) RETURNS TABLE (id text, quotas jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.id, p.quotas FROM public.tenants AS t JOIN public.plans AS p ON p.name = t.plan
    WHERE t.id > after AND t.status <> 'deleting' ORDER BY t.id LIMIT least(rows_max, 10000)
$$;
REVOKE ALL ON FUNCTION tenant_shares(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_shares(text, integer) TO tenon_scheduler;
