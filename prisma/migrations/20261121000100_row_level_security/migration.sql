-- Who may touch what. Four group roles without a login; a process sets one of them when it connects.
--   tenon_app        one tenant at a time, named by the setting app.tenant_id inside a transaction
--   tenon_operator   tenants, plans, extension points, keys and the operator's own audit chain; no tenant's data
--   tenon_recorder   adds executions, usage and audit entries of one tenant and ticks its events off
--   tenon_scheduler  moves events of all tenants through the outbox, without seeing what is in them
-- The owner of the tables is none of them. Policies "TO CURRENT_USER" are for the owner's SECURITY DEFINER functions
-- below, because FORCE ROW LEVEL SECURITY binds the owner too.

DO $roles$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['tenon_app', 'tenon_operator', 'tenon_recorder', 'tenon_scheduler'] LOOP
    -- Roles belong to the whole server: another database's migration may have made them, or be making them now.
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted AND (rolsuper OR rolbypassrls)) THEN
      RAISE EXCEPTION 'role % is a superuser or bypasses row-level security; tenants would not be isolated', wanted;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', wanted);
  END LOOP;
END
$roles$;

-- Outside a transaction that named a tenant this is null or empty and equals no tenant's id.
CREATE FUNCTION current_tenant_id() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN current_setting('app.tenant_id', true);

ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
ALTER TABLE plans FORCE ROW LEVEL SECURITY;
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE extension_points ENABLE ROW LEVEL SECURITY;
ALTER TABLE extension_points FORCE ROW LEVEL SECURITY;
ALTER TABLE functions ENABLE ROW LEVEL SECURITY;
ALTER TABLE functions FORCE ROW LEVEL SECURITY;
ALTER TABLE versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE versions FORCE ROW LEVEL SECURITY;
ALTER TABLE deployments ENABLE ROW LEVEL SECURITY;
ALTER TABLE deployments FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_sources ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_sources FORCE ROW LEVEL SECURITY;
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE executions ENABLE ROW LEVEL SECURITY;
ALTER TABLE executions FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_deltas ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_deltas FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_hours FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY;

-- Plans and extension points belong to the operator; tenants read them.
CREATE POLICY everyone_reads ON plans FOR SELECT TO tenon_app USING (true);
CREATE POLICY operator ON plans TO tenon_operator USING (true) WITH CHECK (true);
GRANT SELECT ON plans TO tenon_app;
GRANT SELECT, INSERT, UPDATE ON plans TO tenon_operator;

CREATE POLICY everyone_reads ON extension_points FOR SELECT TO tenon_app USING (true);
CREATE POLICY operator ON extension_points TO tenon_operator USING (true) WITH CHECK (true);
GRANT SELECT ON extension_points TO tenon_app;
GRANT SELECT, INSERT, UPDATE ON extension_points TO tenon_operator;

CREATE POLICY own_tenant ON tenants FOR SELECT TO tenon_app USING (id = (SELECT current_tenant_id()));
CREATE POLICY operator ON tenants TO tenon_operator USING (true) WITH CHECK (true);
GRANT SELECT ON tenants TO tenon_app;
GRANT SELECT, INSERT ON tenants TO tenon_operator;
GRANT UPDATE (name, plan, status) ON tenants TO tenon_operator;

-- Keys: a tenant manages its own; the operator manages all; the owner's function below looks one up by its hash.
CREATE POLICY own_tenant ON api_keys TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY operator ON api_keys TO tenon_operator USING (true) WITH CHECK (true);
CREATE POLICY authentication_reads ON api_keys FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY authentication_notes_use ON api_keys FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY authentication_reads ON tenants FOR SELECT TO CURRENT_USER USING (true);
GRANT SELECT, INSERT ON api_keys TO tenon_app, tenon_operator;
GRANT UPDATE (name, revoked_at, expires_at) ON api_keys TO tenon_app, tenon_operator;

CREATE POLICY own_tenant ON functions TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
GRANT SELECT, INSERT ON functions TO tenon_app;
GRANT UPDATE (live_deployment_id) ON functions TO tenon_app;

CREATE POLICY own_tenant ON versions TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY unfinished_builds ON versions FOR SELECT TO tenon_scheduler USING (status = 'building');
GRANT SELECT, INSERT ON versions TO tenon_app;
GRANT UPDATE (status, report, rejection, failure, artifact_sha256, artifact_bytes, engine, build_attempts, built_at)
  ON versions TO tenon_app;
GRANT SELECT (id, tenant_id, status, created_at, build_attempts) ON versions TO tenon_scheduler;

CREATE POLICY own_tenant ON deployments TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
GRANT SELECT, INSERT ON deployments TO tenon_app;

CREATE POLICY own_tenant ON webhook_sources TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY receiver_reads ON webhook_sources FOR SELECT TO CURRENT_USER USING (true);
GRANT SELECT, INSERT, DELETE ON webhook_sources TO tenon_app;
GRANT UPDATE (name, mapping, secrets) ON webhook_sources TO tenon_app;

-- Events: the scheduler sees where an event stands, never its data; the recorder may only tick one off.
CREATE POLICY own_tenant ON events TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY outbox ON events TO tenon_scheduler USING (true) WITH CHECK (true);
CREATE POLICY outbox_reads ON events FOR SELECT TO tenon_recorder
  USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY outbox_ticks ON events FOR UPDATE TO tenon_recorder
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
GRANT SELECT, INSERT ON events TO tenon_app;
GRANT UPDATE (status, note, lease_until) ON events TO tenon_app;
GRANT SELECT (id, tenant_id, type, status, attempts, accepted_at, queued_at, lease_until) ON events TO tenon_scheduler;
GRANT UPDATE (status, attempts, queued_at, lease_until) ON events TO tenon_scheduler;
GRANT SELECT (id, tenant_id, status) ON events TO tenon_recorder;
GRANT UPDATE (status, note, done_at, lease_until) ON events TO tenon_recorder;

-- Records: nobody changes or deletes one. The recorder reads back ids only, to know which rows were new.
CREATE POLICY own_tenant ON executions FOR SELECT TO tenon_app USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY record ON executions FOR INSERT TO tenon_recorder
  WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY record_read_back ON executions FOR SELECT TO tenon_recorder
  USING (tenant_id = (SELECT current_tenant_id()));
GRANT SELECT ON executions TO tenon_app;
GRANT INSERT ON executions TO tenon_recorder;
GRANT SELECT (tenant_id, id) ON executions TO tenon_recorder;

CREATE POLICY own_tenant ON usage_deltas FOR SELECT TO tenon_app USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY record ON usage_deltas FOR INSERT TO tenon_recorder
  WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY roll_up_takes ON usage_deltas TO CURRENT_USER USING (true);
GRANT SELECT ON usage_deltas TO tenon_app;
GRANT INSERT ON usage_deltas TO tenon_recorder;

CREATE POLICY own_tenant ON usage_hours FOR SELECT TO tenon_app USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY roll_up_adds ON usage_hours TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT ON usage_hours TO tenon_app;

CREATE POLICY own_tenant_reads ON audit_entries FOR SELECT TO tenon_app
  USING (chain = (SELECT current_tenant_id()));
CREATE POLICY own_tenant_appends ON audit_entries FOR INSERT TO tenon_app, tenon_recorder
  WITH CHECK (chain = (SELECT current_tenant_id()));
CREATE POLICY operator_reads ON audit_entries FOR SELECT TO tenon_operator USING (chain = 'operator');
CREATE POLICY operator_appends ON audit_entries FOR INSERT TO tenon_operator WITH CHECK (chain = 'operator');
GRANT SELECT, INSERT ON audit_entries TO tenon_app, tenon_operator;
GRANT INSERT ON audit_entries TO tenon_recorder;

CREATE POLICY own_tenant ON audit_heads FOR SELECT TO tenon_app, tenon_recorder
  USING (chain = (SELECT current_tenant_id()));
CREATE POLICY operator ON audit_heads FOR SELECT TO tenon_operator USING (chain = 'operator');
CREATE POLICY chain_moves ON audit_heads TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT ON audit_heads TO tenon_app, tenon_recorder, tenon_operator;

-- A key is looked up before anybody knows its tenant, so this one question passes row-level security: it answers for
-- exactly one hash. It notes the use at most once a minute, so that a busy key is not a busy row.
CREATE FUNCTION authenticate_key(wanted bytea)
  RETURNS TABLE (id text, tenant_id text, scopes text[], expires_at timestamptz, revoked_at timestamptz,
                 tenant_status text)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE public.api_keys AS k SET last_used_at = now()
    WHERE k.hash = wanted AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
      AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute');
  RETURN QUERY
    SELECT k.id, k.tenant_id, k.scopes, k.expires_at::timestamptz, k.revoked_at::timestamptz, t.status
      FROM public.api_keys AS k LEFT JOIN public.tenants AS t ON t.id = k.tenant_id
      WHERE k.hash = wanted;
END
$$;

-- The sender of a webhook shows no key; the source's unguessable id leads to its tenant.
CREATE FUNCTION webhook_source_by_id(wanted text)
  RETURNS TABLE (id text, tenant_id text, tenant_status text, name text, scheme text, mapping jsonb, secrets bytea[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.id, s.tenant_id, t.status, s.name, s.scheme, s.mapping, s.secrets
    FROM public.webhook_sources AS s JOIN public.tenants AS t ON t.id = s.tenant_id
    WHERE s.id = wanted
$$;

-- Folds at most `rows_max` deltas into their hours: taken and added in one statement, so each counts once.
CREATE FUNCTION roll_up_usage(rows_max integer) RETURNS bigint
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH due AS (
    SELECT id FROM public.usage_deltas ORDER BY id LIMIT least(greatest(rows_max, 0), 100000) FOR UPDATE SKIP LOCKED
  ), taken AS (
    DELETE FROM public.usage_deltas AS d USING due WHERE d.id = due.id RETURNING d.*
  ), summed AS (
    SELECT tenant_id, function_id, hour, sum(executions) AS executions, sum(succeeded) AS succeeded,
           sum(failed_guest) AS failed_guest, sum(failed_caller) AS failed_caller, sum(failed_ours) AS failed_ours,
           sum(instructions) AS instructions, sum(fuel) AS fuel, sum(cpu_us) AS cpu_us
      FROM taken GROUP BY tenant_id, function_id, hour
  ), added AS (
    INSERT INTO public.usage_hours AS h (tenant_id, function_id, hour, executions, succeeded, failed_guest,
                                         failed_caller, failed_ours, instructions, fuel, cpu_us)
    SELECT tenant_id, function_id, hour, executions, succeeded, failed_guest, failed_caller, failed_ours,
           instructions, fuel, cpu_us
      FROM summed ORDER BY tenant_id, hour, function_id
    ON CONFLICT (tenant_id, hour, function_id) DO UPDATE SET
      executions = h.executions + excluded.executions,
      succeeded = h.succeeded + excluded.succeeded,
      failed_guest = h.failed_guest + excluded.failed_guest,
      failed_caller = h.failed_caller + excluded.failed_caller,
      failed_ours = h.failed_ours + excluded.failed_ours,
      instructions = h.instructions + excluded.instructions,
      fuel = h.fuel + excluded.fuel,
      cpu_us = h.cpu_us + excluded.cpu_us
  )
  SELECT count(*) FROM taken
$$;

-- The first ten characters of a ULID: 48 bits of milliseconds since 1970 in Crockford's base 32, lower case.
CREATE FUNCTION ulid_time(at timestamptz) RETURNS text
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  rest bigint := floor(extract(epoch FROM at) * 1000);
  encoded text := '';
BEGIN
  FOR place IN 1..10 LOOP
    encoded := substr('0123456789abcdefghjkmnpqrstvwxyz', (rest % 32)::integer + 1, 1) || encoded;
    rest := rest / 32;
  END LOOP;
  RETURN encoded;
END
$$;

-- Makes the daily partitions (UTC) of executions from yesterday to `days_ahead` days from now; says how many were new.
-- The application has no DDL rights, so it asks here.
CREATE FUNCTION ensure_execution_partitions(days_ahead integer) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
  day date;
  partition text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tenon.execution_partitions', 0));
  FOR day IN SELECT today + n FROM generate_series(-1, least(greatest(days_ahead, 0), 31)) AS n LOOP
    partition := 'executions_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE TABLE public.%I PARTITION OF public.executions FOR VALUES FROM (%L) TO (%L)', partition,
        'exe_' || public.ulid_time(day::timestamp AT TIME ZONE 'UTC'),
        'exe_' || public.ulid_time((day + 1)::timestamp AT TIME ZONE 'UTC'));
      EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', partition);
      EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', partition);
      made := made + 1;
    EXCEPTION WHEN check_violation THEN
      -- The default partition already holds rows of that day. They stay there, and so do those that follow.
      NULL;
    END;
  END LOOP;
  RETURN made;
END
$$;

-- Where a chain ends, once nobody else can append to it before this transaction is over. The lock comes in a statement
-- of its own, so that the read after it sees what the last holder committed.
CREATE FUNCTION lock_audit_chain(wanted text) RETURNS TABLE (seq bigint, hash text)
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tenon.audit:' || wanted, 0));
  RETURN QUERY SELECT h.seq, h.hash FROM public.audit_heads AS h WHERE h.chain = wanted;
END
$$;

-- Accepts an append only where it continues the chain, and moves the head: the application can't do that by itself.
CREATE FUNCTION advance_audit_chain() RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  broken record;
BEGIN
  SELECT a.chain, a.seq INTO broken
    FROM (
      SELECT n.chain, n.seq, n.prev_hash,
             lag(n.seq, 1, coalesce(h.seq, 0)) OVER w AS seq_before,
             lag(n.hash, 1, coalesce(h.hash, repeat('0', 64))) OVER w AS hash_before
        FROM appended AS n LEFT JOIN public.audit_heads AS h ON h.chain = n.chain
        WINDOW w AS (PARTITION BY n.chain ORDER BY n.seq)
    ) AS a
    WHERE a.seq <> a.seq_before + 1 OR a.prev_hash <> a.hash_before
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'audit entry % of chain % does not continue the chain', broken.seq, broken.chain
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO public.audit_heads AS h (chain, seq, hash)
    SELECT DISTINCT ON (n.chain) n.chain, n.seq, n.hash FROM appended AS n ORDER BY n.chain, n.seq DESC
    ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash;
  RETURN NULL;
END
$$;
CREATE TRIGGER audit_entries_advance AFTER INSERT ON audit_entries
  REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION advance_audit_chain();

-- Grants already keep the application from changing an entry; this keeps everybody else from doing it by mistake.
CREATE FUNCTION refuse_audit_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

REVOKE ALL ON FUNCTION authenticate_key(bytea), webhook_source_by_id(text), roll_up_usage(integer),
  ensure_execution_partitions(integer), lock_audit_chain(text), advance_audit_chain(), refuse_audit_change()
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_key(bytea), webhook_source_by_id(text) TO tenon_app;
GRANT EXECUTE ON FUNCTION lock_audit_chain(text) TO tenon_app, tenon_operator, tenon_recorder;
GRANT EXECUTE ON FUNCTION roll_up_usage(integer), ensure_execution_partitions(integer) TO tenon_scheduler;

SELECT ensure_execution_partitions(7);
