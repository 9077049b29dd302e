-- Deliveries: results on their way to the operator's endpoints. They are made by a trigger on executions, in the
-- transaction that records the run, so there is one for each run that was really recorded and none for any other. What
-- is sent is read from the run when it is sent; a delivery is only the promise.
--   tenon_courier  sends deliveries of all tenants: when, where and what came of it; nothing of what is in them

DO $roles$
BEGIN
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'tenon_courier') THEN
      CREATE ROLE tenon_courier NOLOGIN;
    END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
  END;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'tenon_courier' AND (rolsuper OR rolbypassrls)) THEN
    RAISE EXCEPTION 'role tenon_courier is a superuser or bypasses row-level security';
  END IF;
  GRANT USAGE ON SCHEMA public TO tenon_courier;
END
$roles$;

-- `secrets` holds sealed bytes: one, or two while one is being replaced. An empty list of points or types means all.
CREATE TABLE delivery_endpoints (
  id text PRIMARY KEY,
  name text NOT NULL,
  url text NOT NULL,
  extension_points text[] NOT NULL DEFAULT '{}',
  event_types text[] NOT NULL DEFAULT '{}',
  outcomes text NOT NULL DEFAULT 'all' CHECK (outcomes IN ('all', 'succeeded', 'failed')),
  ordering text NOT NULL DEFAULT 'none' CHECK (ordering IN ('none', 'tenant', 'function', 'subject')),
  secrets bytea[] NOT NULL CHECK (cardinality(secrets) BETWEEN 1 AND 2),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'disabled')),
  status_reason text,
  failures integer NOT NULL DEFAULT 0,
  open_until timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
ALTER TABLE delivery_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_endpoints FORCE ROW LEVEL SECURITY;

-- `transaction` and `place` put deliveries in the order in which their runs were recorded: one is only sent in order
-- once every transaction that began writing before its own has ended, so none can come in between later.
CREATE TABLE deliveries (
  id text COLLATE "C" NOT NULL,
  tenant_id text,
  endpoint_id text NOT NULL REFERENCES delivery_endpoints (id) ON UPDATE CASCADE ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('execution', 'ping')),
  execution_id text,
  extension_point text,
  event_type text,
  outcome text,
  order_key text COLLATE "C",
  "transaction" bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
  place bigint GENERATED ALWAYS AS IDENTITY,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  lease_until timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  finished_at timestamptz(3),
  CONSTRAINT deliveries_pkey PRIMARY KEY (id),
  CONSTRAINT deliveries_are_of_a_tenant CHECK (kind = 'ping' OR (tenant_id IS NOT NULL AND execution_id IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX deliveries_tenant_id_id_idx ON deliveries (tenant_id, id);
CREATE INDEX deliveries_endpoint_id_id_idx ON deliveries (endpoint_id, id);
CREATE INDEX deliveries_due_idx ON deliveries (endpoint_id, next_attempt_at)
  WHERE status = 'pending' AND order_key IS NULL;
CREATE INDEX deliveries_lanes_idx ON deliveries (endpoint_id, order_key, "transaction", place)
  WHERE status = 'pending' AND order_key IS NOT NULL;
CREATE INDEX deliveries_finished_idx ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries FORCE ROW LEVEL SECURITY;

CREATE TABLE delivery_attempts (
  delivery_id text COLLATE "C" NOT NULL REFERENCES deliveries (id) ON UPDATE CASCADE ON DELETE CASCADE,
  attempt integer NOT NULL,
  tenant_id text,
  at timestamptz(3) NOT NULL,
  duration_ms integer NOT NULL,
  status_code integer,
  error text,
  address text,
  body text NOT NULL,
  CONSTRAINT delivery_attempts_pkey PRIMARY KEY (delivery_id, attempt)
);
CREATE INDEX delivery_attempts_tenant_id_idx ON delivery_attempts (tenant_id);
ALTER TABLE delivery_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_attempts FORCE ROW LEVEL SECURITY;

-- The operator manages endpoints and looks at what became of deliveries; what was in them is the tenant's.
CREATE POLICY operator ON delivery_endpoints TO tenon_operator USING (true) WITH CHECK (true);
CREATE POLICY operator ON deliveries TO tenon_operator USING (true) WITH CHECK (true);
CREATE POLICY operator ON delivery_attempts FOR SELECT TO tenon_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON delivery_endpoints TO tenon_operator;
GRANT SELECT ON deliveries, delivery_attempts TO tenon_operator;
GRANT INSERT (id, endpoint_id, kind) ON deliveries TO tenon_operator;
GRANT UPDATE (status, attempts, next_attempt_at, lease_until, finished_at, "transaction", place) ON deliveries
  TO tenon_operator;

CREATE POLICY courier_reads ON delivery_endpoints FOR SELECT TO tenon_courier USING (true);
CREATE POLICY courier_notes ON delivery_endpoints FOR UPDATE TO tenon_courier USING (true) WITH CHECK (true);
CREATE POLICY courier ON deliveries TO tenon_courier USING (true) WITH CHECK (true);
CREATE POLICY courier_records ON delivery_attempts FOR INSERT TO tenon_courier WITH CHECK (true);
CREATE POLICY courier_forgets ON delivery_attempts FOR SELECT TO tenon_courier USING (true);
GRANT SELECT ON delivery_endpoints TO tenon_courier;
GRANT UPDATE (failures, open_until, status, status_reason, updated_at) ON delivery_endpoints TO tenon_courier;
GRANT SELECT, DELETE ON deliveries TO tenon_courier;
GRANT UPDATE (status, attempts, next_attempt_at, lease_until, finished_at) ON deliveries TO tenon_courier;
GRANT INSERT ON delivery_attempts TO tenon_courier;
GRANT SELECT (delivery_id, attempt) ON delivery_attempts TO tenon_courier;

SELECT tenant_owns('deliveries'), tenant_owns('delivery_attempts');

-- Makes the deliveries of the runs that a statement recorded. Test runs and replays concern nobody but who asked.
-- The id follows from run and endpoint, so that the receiver knows a delivery again whatever happens to this row.
CREATE FUNCTION create_deliveries() RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.delivery_endpoints) THEN
    RETURN NULL;
  END IF;
  INSERT INTO public.deliveries (id, tenant_id, endpoint_id, kind, execution_id, extension_point, event_type, outcome,
                                 order_key)
    SELECT 'dlv_' || substr(x.id, 5, 10)
             || left(encode(sha256(convert_to(x.tenant_id || x.id || p.id, 'UTF8')), 'hex'), 16),
           x.tenant_id, p.id, 'execution', x.id, x.extension_point, e.type, x.outcome,
           CASE p.ordering WHEN 'tenant' THEN x.tenant_id
                           WHEN 'function' THEN x.tenant_id || ' ' || x.function_id
                           WHEN 'subject' THEN x.tenant_id || ' ' || coalesce(e.subject, '') END
      FROM recorded AS x
        LEFT JOIN public.events AS e ON e.tenant_id = x.tenant_id AND e.id = x.event_id
        JOIN public.delivery_endpoints AS p
          ON (cardinality(p.extension_points) = 0 OR x.extension_point = ANY (p.extension_points))
             AND (cardinality(p.event_types) = 0 OR e.type = ANY (p.event_types))
             AND (p.outcomes = 'all' OR (p.outcomes = 'succeeded') = (x.outcome = 'succeeded'))
      WHERE x.kind IN ('event', 'sync') AND p.status <> 'disabled'
      ORDER BY x.id, p.id
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION create_deliveries() FROM PUBLIC;
CREATE POLICY creation_matches ON delivery_endpoints FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY creation ON deliveries FOR INSERT TO CURRENT_USER WITH CHECK (true);
CREATE POLICY creation_meets ON deliveries FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY deliveries_name_types ON events FOR SELECT TO CURRENT_USER USING (true);
CREATE TRIGGER executions_create_deliveries AFTER INSERT ON executions
  REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT EXECUTE FUNCTION create_deliveries();
