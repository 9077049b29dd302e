-- Tables, keys and the checks that hold without anybody's good will. Who may touch what follows in the next migration.
-- Every foreign key between tenant tables carries tenant_id, because Postgres checks foreign keys past row-level
-- security: without it a row could point at another tenant's.

CREATE TABLE plans (
  name text PRIMARY KEY,
  functions_max integer NOT NULL CHECK (functions_max >= 0),
  execution_limits jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- A tenant for which nobody chose a plan gets this one.
INSERT INTO plans (name, functions_max) VALUES ('default', 100);

CREATE TABLE tenants (
  id text PRIMARY KEY,
  name text NOT NULL,
  plan text NOT NULL REFERENCES plans (name) ON UPDATE CASCADE ON DELETE RESTRICT,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX tenants_plan_idx ON tenants (plan);

-- A key without a tenant is an operator's. Only the SHA-256 of the secret is kept; the secret has 256 random bits, so a
-- slow hash would add nothing.
CREATE TABLE api_keys (
  id text PRIMARY KEY,
  tenant_id text REFERENCES tenants (id) ON UPDATE CASCADE ON DELETE RESTRICT,
  name text NOT NULL,
  prefix text NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  scopes text[] NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  last_used_at timestamptz(3)
);
CREATE UNIQUE INDEX api_keys_hash_key ON api_keys (hash);
CREATE INDEX api_keys_tenant_id_id_idx ON api_keys (tenant_id, id);

CREATE TABLE extension_points (
  name text PRIMARY KEY,
  id text NOT NULL,
  version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
  input_schema jsonb NOT NULL,
  output_schema jsonb NOT NULL,
  event_types text[] NOT NULL DEFAULT '{}',
  limits jsonb NOT NULL,
  mode text NOT NULL CHECK (mode IN ('async', 'sync')),
  failure_policy text NOT NULL CHECK (failure_policy IN ('open', 'closed')),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX extension_points_id_key ON extension_points (id);
CREATE INDEX extension_points_event_types_idx ON extension_points USING gin (event_types);

CREATE TABLE functions (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants (id) ON UPDATE CASCADE ON DELETE RESTRICT,
  name text NOT NULL,
  extension_point text NOT NULL REFERENCES extension_points (name) ON UPDATE CASCADE ON DELETE RESTRICT,
  live_deployment_id text,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX functions_tenant_id_id_key ON functions (tenant_id, id);
CREATE UNIQUE INDEX functions_tenant_id_name_key ON functions (tenant_id, name);
CREATE INDEX functions_tenant_id_extension_point_idx ON functions (tenant_id, extension_point);

CREATE TABLE versions (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants (id) ON UPDATE CASCADE ON DELETE RESTRICT,
  function_id text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  bytes integer NOT NULL CHECK (bytes >= 0),
  status text NOT NULL DEFAULT 'building' CHECK (status IN ('building', 'ready', 'rejected', 'failed')),
  report jsonb,
  rejection jsonb,
  failure text,
  artifact_sha256 text CHECK (artifact_sha256 ~ '^[0-9a-f]{64}$'),
  artifact_bytes integer,
  engine text,
  build_attempts integer NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  built_at timestamptz(3),
  CONSTRAINT versions_function_fkey FOREIGN KEY (tenant_id, function_id) REFERENCES functions (tenant_id, id)
    ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT versions_status_says_what_is_there CHECK (
    (status = 'ready') = (artifact_sha256 IS NOT NULL)
    AND (status = 'rejected') = (rejection IS NOT NULL)
    AND (status = 'building') = (built_at IS NULL)
  )
);
CREATE UNIQUE INDEX versions_tenant_id_id_key ON versions (tenant_id, id);
CREATE INDEX versions_tenant_id_function_id_id_idx ON versions (tenant_id, function_id, id);
CREATE INDEX versions_building_idx ON versions (created_at) WHERE status = 'building';

-- Append-only. A deployment remembers the one before it, so that rolling back twice goes back two steps.
CREATE TABLE deployments (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants (id) ON UPDATE CASCADE ON DELETE RESTRICT,
  function_id text NOT NULL,
  version_id text NOT NULL,
  falls_back_to text,
  reason text NOT NULL CHECK (reason IN ('activate', 'rollback')),
  by text NOT NULL,
  since timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT deployments_function_fkey FOREIGN KEY (tenant_id, function_id) REFERENCES functions (tenant_id, id)
    ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT deployments_version_fkey FOREIGN KEY (tenant_id, version_id) REFERENCES versions (tenant_id, id)
    ON UPDATE CASCADE ON DELETE RESTRICT
);
CREATE UNIQUE INDEX deployments_tenant_id_id_key ON deployments (tenant_id, id);
CREATE INDEX deployments_tenant_id_function_id_id_idx ON deployments (tenant_id, function_id, id);
ALTER TABLE deployments ADD CONSTRAINT deployments_falls_back_to_fkey
  FOREIGN KEY (tenant_id, falls_back_to) REFERENCES deployments (tenant_id, id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE functions ADD CONSTRAINT functions_live_deployment_fkey
  FOREIGN KEY (tenant_id, live_deployment_id) REFERENCES deployments (tenant_id, id)
  ON UPDATE CASCADE ON DELETE RESTRICT;

-- `secrets` holds sealed bytes: the database never sees a secret that it could give away.
CREATE TABLE webhook_sources (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants (id) ON UPDATE CASCADE ON DELETE RESTRICT,
  name text NOT NULL,
  scheme text NOT NULL CHECK (scheme IN ('standard', 'shopify')),
  mapping jsonb NOT NULL,
  secrets bytea[] NOT NULL CHECK (cardinality(secrets) BETWEEN 1 AND 2),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX webhook_sources_tenant_id_id_idx ON webhook_sources (tenant_id, id);

-- The outbox. `data` is text, not jsonb: a function gets the sender's JSON as it was written, number for number.
CREATE TABLE events (
  id text COLLATE "C" PRIMARY KEY,
  tenant_id text NOT NULL,
  source text NOT NULL,
  source_event_id text NOT NULL,
  type text NOT NULL,
  subject text,
  "time" timestamptz(3),
  data text NOT NULL,
  origin text NOT NULL,
  status text NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'queued', 'done', 'held')),
  note text,
  attempts integer NOT NULL DEFAULT 0,
  accepted_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  queued_at timestamptz(3),
  lease_until timestamptz(3),
  done_at timestamptz(3)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE UNIQUE INDEX events_tenant_id_source_source_event_id_key ON events (tenant_id, source, source_event_id);
CREATE INDEX events_tenant_id_id_idx ON events (tenant_id, id);
CREATE INDEX events_ready_idx ON events (id) WHERE status = 'ready';
CREATE INDEX events_queued_idx ON events (lease_until) WHERE status = 'queued';

-- One row per run, in daily partitions by id: the id begins with the time of its event (docs/database.md), so the
-- primary key itself keeps a run that is recorded twice from being two rows, in whichever partition.
CREATE TABLE executions (
  tenant_id text NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('event', 'test', 'sync', 'replay')),
  event_id text,
  function_id text NOT NULL,
  function_name text NOT NULL,
  version_id text NOT NULL,
  extension_point text NOT NULL,
  attempt integer NOT NULL,
  outcome text NOT NULL,
  message text NOT NULL,
  input text,
  output text,
  log text NOT NULL,
  log_bytes_dropped bigint NOT NULL,
  instructions_used bigint NOT NULL,
  fuel_used bigint NOT NULL,
  memory_bytes_peak bigint NOT NULL,
  cpu_us bigint NOT NULL,
  wall_us bigint NOT NULL,
  limit_reached jsonb,
  exit_code bigint,
  guest_error text,
  backtrace jsonb,
  clock_ms bigint NOT NULL,
  seed text NOT NULL,
  engine text,
  started_at timestamptz(3) NOT NULL,
  recorded_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT executions_pkey PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX executions_tenant_id_function_id_id_idx ON executions (tenant_id, function_id, id);
CREATE INDEX executions_event_id_idx ON executions (event_id);

-- Catches what no daily partition was made for, so that a late roll-over never refuses a row.
CREATE TABLE executions_default PARTITION OF executions DEFAULT;
ALTER TABLE executions_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE executions_default FORCE ROW LEVEL SECURITY;

-- The recorder may only insert, so it adds deltas; roll_up_usage() folds them into hours.
CREATE TABLE usage_deltas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  function_id text NOT NULL,
  hour timestamptz(3) NOT NULL,
  executions bigint NOT NULL,
  succeeded bigint NOT NULL,
  failed_guest bigint NOT NULL,
  failed_caller bigint NOT NULL,
  failed_ours bigint NOT NULL,
  instructions bigint NOT NULL,
  fuel bigint NOT NULL,
  cpu_us bigint NOT NULL
);
CREATE INDEX usage_deltas_tenant_id_hour_idx ON usage_deltas (tenant_id, hour);

CREATE TABLE usage_hours (
  tenant_id text NOT NULL,
  function_id text NOT NULL,
  hour timestamptz(3) NOT NULL,
  executions bigint NOT NULL,
  succeeded bigint NOT NULL,
  failed_guest bigint NOT NULL,
  failed_caller bigint NOT NULL,
  failed_ours bigint NOT NULL,
  instructions bigint NOT NULL,
  fuel bigint NOT NULL,
  cpu_us bigint NOT NULL,
  CONSTRAINT usage_hours_pkey PRIMARY KEY (tenant_id, hour, function_id)
);

-- One hash chain per tenant, and one named `operator`. The heads say where each chain ends, so a cut tail shows.
CREATE TABLE audit_entries (
  chain text NOT NULL,
  seq bigint NOT NULL CHECK (seq >= 1),
  id text NOT NULL,
  at timestamptz(3) NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  request_id text,
  details jsonb NOT NULL,
  prev_hash text NOT NULL CHECK (prev_hash ~ '^[0-9a-f]{64}$'),
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT audit_entries_pkey PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_entries_chain_action_seq_idx ON audit_entries (chain, action, seq);

CREATE TABLE audit_heads (
  chain text PRIMARY KEY,
  seq bigint NOT NULL,
  hash text NOT NULL
);
