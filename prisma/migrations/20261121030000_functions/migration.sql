-- What an extension point says about several functions, about running again and about what is kept; every state of a
-- point that ever held; and what a function has beside its versions: its place, a pause, settings, an end.

ALTER TABLE extension_points
  ADD COLUMN combination text NOT NULL DEFAULT 'all' CHECK (combination IN ('all', 'first', 'pipeline', 'merge')),
  ADD COLUMN retry jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN recording jsonb NOT NULL DEFAULT '{}';

-- One row per version of a point, for ever: an execution of last month names the contract that it ran under.
CREATE TABLE extension_point_versions (
  name text NOT NULL REFERENCES extension_points (name) ON UPDATE CASCADE ON DELETE RESTRICT,
  version integer NOT NULL CHECK (version >= 1),
  input_schema jsonb NOT NULL,
  output_schema jsonb NOT NULL,
  event_types text[] NOT NULL,
  limits jsonb NOT NULL,
  mode text NOT NULL,
  failure_policy text NOT NULL,
  combination text NOT NULL,
  retry jsonb NOT NULL,
  recording jsonb NOT NULL,
  by text NOT NULL,
  -- Why an operator let a change through that live functions may not stand; null for all others.
  forced_reason text,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT extension_point_versions_pkey PRIMARY KEY (name, version)
);
INSERT INTO extension_point_versions (name, version, input_schema, output_schema, event_types, limits, mode,
                                      failure_policy, combination, retry, recording, by, created_at)
  SELECT name, version, input_schema, output_schema, event_types, limits, mode, failure_policy, combination, retry,
         recording, 'system', updated_at FROM extension_points;
ALTER TABLE extension_point_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE extension_point_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone_reads ON extension_point_versions FOR SELECT TO tenon_app USING (true);
CREATE POLICY operator ON extension_point_versions TO tenon_operator USING (true) WITH CHECK (true);
-- Who changed a point and why it was forced is the operator's own affair.
GRANT SELECT (name, version, input_schema, output_schema, event_types, limits, mode, failure_policy, combination, retry,
              recording, created_at) ON extension_point_versions TO tenon_app;
GRANT SELECT, INSERT ON extension_point_versions TO tenon_operator;

-- A name is free again once its function was archived; what it did stays.
ALTER TABLE functions
  ADD COLUMN position integer NOT NULL DEFAULT 0 CHECK (position >= 0),
  ADD COLUMN paused_at timestamptz(3),
  ADD COLUMN archived_at timestamptz(3);
DROP INDEX functions_tenant_id_name_key;
CREATE UNIQUE INDEX functions_tenant_id_name_key ON functions (tenant_id, name) WHERE archived_at IS NULL;
CREATE INDEX functions_live_idx ON functions (extension_point)
  WHERE live_deployment_id IS NOT NULL AND paused_at IS NULL AND archived_at IS NULL;
GRANT UPDATE (position, paused_at, archived_at) ON functions TO tenon_app;

-- The settings that a function had, each state once: an execution names the state that it ran with, so it can be
-- repeated. `value` is text, because the guest reads exactly these bytes.
CREATE TABLE function_settings (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  function_id text NOT NULL,
  value text NOT NULL CHECK (octet_length(value) <= 16000),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT function_settings_function_fkey FOREIGN KEY (tenant_id, function_id) REFERENCES functions (tenant_id, id)
    ON UPDATE CASCADE ON DELETE RESTRICT
);
CREATE UNIQUE INDEX function_settings_tenant_id_id_key ON function_settings (tenant_id, id);
CREATE INDEX function_settings_tenant_id_function_id_id_idx ON function_settings (tenant_id, function_id, id);
ALTER TABLE function_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE function_settings FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON function_settings TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
GRANT SELECT, INSERT ON function_settings TO tenon_app;
SELECT tenant_owns('function_settings');

-- What is live is a version with settings; going back brings both back.
ALTER TABLE deployments
  ADD COLUMN settings_id text,
  ADD CONSTRAINT deployments_settings_fkey FOREIGN KEY (tenant_id, settings_id)
    REFERENCES function_settings (tenant_id, id) ON UPDATE CASCADE ON DELETE RESTRICT,
  DROP CONSTRAINT deployments_reason_check,
  ADD CONSTRAINT deployments_reason_check CHECK (reason IN ('activate', 'rollback', 'settings'));
ALTER TABLE executions ADD COLUMN settings_id text;

-- The schema that settings have to fit: from the module itself, or uploaded beside it.
ALTER TABLE versions
  ADD COLUMN settings_schema jsonb,
  ADD COLUMN settings_schema_origin text CHECK (settings_schema_origin IN ('module', 'upload')),
  ADD COLUMN archived_at timestamptz(3),
  ADD CONSTRAINT versions_settings_schema_has_origin
    CHECK ((settings_schema IS NULL) = (settings_schema_origin IS NULL));
GRANT UPDATE (settings_schema, settings_schema_origin, archived_at) ON versions TO tenon_app;

-- Which functions a change of a point would meet. Operators see no tenant's rows; this one question is theirs to ask,
-- because whoever breaks a contract has to know whom to tell.
CREATE FUNCTION live_functions_on_point(wanted text, rows_max integer)
  RETURNS TABLE (tenant_id text, function_name text, functions bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT f.tenant_id, f.name, count(*) OVER ()
    FROM public.functions AS f
    WHERE f.extension_point = wanted AND f.live_deployment_id IS NOT NULL AND f.archived_at IS NULL
    ORDER BY f.tenant_id, f.name LIMIT least(greatest(rows_max, 0), 1000)
$$;
CREATE POLICY contract_changes_read ON functions FOR SELECT TO CURRENT_USER USING (true);
REVOKE ALL ON FUNCTION live_functions_on_point(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION live_functions_on_point(text, integer) TO tenon_operator;
