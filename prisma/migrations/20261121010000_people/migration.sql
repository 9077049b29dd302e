-- People: who they are, where they belong, and the sessions that they open. And the two roles that this needs:
--   tenon_identity  signs people in: users, sessions and invitations before a tenant is known; no tenant's data
--   tenon_eraser    removes what a tenant had, once its operator has marked it for deletion, and nothing before that

DO $roles$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['tenon_identity', 'tenon_eraser'] LOOP
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

ALTER TABLE tenants
  DROP CONSTRAINT tenants_status_check,
  ADD CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended', 'deleting')),
  ADD COLUMN suspended_reason text,
  ADD COLUMN updated_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- A rotated key names the one that took its place, so that it can be rotated once only.
ALTER TABLE api_keys
  ADD COLUMN created_by text,
  ADD COLUMN rotated_to text;

-- One row per person, whatever number of tenants they belong to. Without a password they come in by OpenID Connect.
CREATE TABLE users (
  id text PRIMARY KEY,
  email text NOT NULL CHECK (email = lower(email)),
  name text NOT NULL,
  password_hash text,
  operator boolean NOT NULL DEFAULT false,
  oidc_issuer text,
  oidc_subject text,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT users_oidc_is_whole CHECK ((oidc_issuer IS NULL) = (oidc_subject IS NULL))
);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE UNIQUE INDEX users_oidc_issuer_oidc_subject_key ON users (oidc_issuer, oidc_subject);

CREATE TABLE memberships (
  tenant_id text NOT NULL REFERENCES tenants (id) ON UPDATE CASCADE ON DELETE RESTRICT,
  user_id text NOT NULL REFERENCES users (id) ON UPDATE CASCADE ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('owner', 'developer', 'viewer')),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT memberships_pkey PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_user_id_idx ON memberships (user_id);

-- An invitation without a tenant makes an operator. Only the SHA-256 of its token is kept.
CREATE TABLE invitations (
  id text PRIMARY KEY,
  tenant_id text REFERENCES tenants (id) ON UPDATE CASCADE ON DELETE RESTRICT,
  email text NOT NULL CHECK (email = lower(email)),
  role text NOT NULL CHECK (role IN ('owner', 'developer', 'viewer', 'operator')),
  token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  invited_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3) NOT NULL,
  accepted_at timestamptz(3),
  revoked_at timestamptz(3),
  CONSTRAINT invitations_only_operators_without_tenant CHECK ((tenant_id IS NULL) = (role = 'operator'))
);
CREATE UNIQUE INDEX invitations_token_hash_key ON invitations (token_hash);
CREATE INDEX invitations_tenant_id_id_idx ON invitations (tenant_id, id);
CREATE INDEX invitations_email_idx ON invitations (email);

CREATE TABLE sessions (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON UPDATE CASCADE ON DELETE CASCADE,
  token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  method text NOT NULL CHECK (method IN ('password', 'oidc', 'invitation')),
  address text NOT NULL,
  user_agent text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_seen_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3) NOT NULL,
  revoked_at timestamptz(3)
);
CREATE UNIQUE INDEX sessions_token_hash_key ON sessions (token_hash);
CREATE INDEX sessions_user_id_id_idx ON sessions (user_id, id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- Failed sign-ins by account and by address. The subject is a hash, so that the table is no list of addresses, and an
-- account that does not exist is held back like one that does.
CREATE TABLE login_throttles (
  subject bytea PRIMARY KEY CHECK (octet_length(subject) = 32),
  failures integer NOT NULL,
  last_failure_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  blocked_until timestamptz(3) NOT NULL
);
CREATE INDEX login_throttles_last_failure_at_idx ON login_throttles (last_failure_at);

-- What is left of a tenant that was deleted: that it was there, when it went, how much it was, and where its audit
-- chain ended. No name and no data.
CREATE TABLE tenant_erasures (
  id text PRIMARY KEY,
  requested_by text NOT NULL,
  requested_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  rows_erased jsonb NOT NULL DEFAULT '{}',
  audit_seq bigint,
  audit_hash text,
  finished_at timestamptz(3)
);

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE login_throttles ENABLE ROW LEVEL SECURITY;
ALTER TABLE login_throttles FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant_erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_erasures FORCE ROW LEVEL SECURITY;

GRANT UPDATE (suspended_reason, updated_at) ON tenants TO tenon_operator;
GRANT UPDATE (rotated_to) ON api_keys TO tenon_app, tenon_operator;

-- A tenant sees the people who belong to it, and no more of them than a list of members shows.
CREATE POLICY own_members ON users FOR SELECT TO tenon_app
  USING (EXISTS (SELECT FROM memberships AS m
                   WHERE m.user_id = users.id AND m.tenant_id = (SELECT current_tenant_id())));
CREATE POLICY operators ON users TO tenon_operator USING (true) WITH CHECK (true);
CREATE POLICY identity ON users TO tenon_identity USING (true) WITH CHECK (true);
CREATE POLICY authentication_reads ON users FOR SELECT TO CURRENT_USER USING (true);
GRANT SELECT (id, email, name, created_at) ON users TO tenon_app;
GRANT SELECT (id, email, name, operator, created_at), UPDATE (operator) ON users TO tenon_operator;
GRANT SELECT, INSERT ON users TO tenon_identity;
GRANT UPDATE (name, password_hash, operator, oidc_issuer, oidc_subject) ON users TO tenon_identity;

CREATE POLICY own_tenant ON memberships TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY identity ON memberships TO tenon_identity USING (true) WITH CHECK (true);
CREATE POLICY authentication_reads ON memberships FOR SELECT TO CURRENT_USER USING (true);
GRANT SELECT, DELETE, UPDATE (role) ON memberships TO tenon_app;
GRANT SELECT, INSERT, UPDATE (role) ON memberships TO tenon_identity;

CREATE POLICY own_tenant ON invitations TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY operators ON invitations TO tenon_operator USING (tenant_id IS NULL) WITH CHECK (tenant_id IS NULL);
CREATE POLICY identity ON invitations TO tenon_identity USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (revoked_at) ON invitations TO tenon_app, tenon_operator;
GRANT SELECT, UPDATE (accepted_at) ON invitations TO tenon_identity;

CREATE POLICY identity ON sessions TO tenon_identity USING (true) WITH CHECK (true);
CREATE POLICY authentication_reads ON sessions FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY authentication_notes_use ON sessions FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE, UPDATE (revoked_at) ON sessions TO tenon_identity;

CREATE POLICY identity ON login_throttles TO tenon_identity USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON login_throttles TO tenon_identity;

CREATE POLICY identity ON tenants FOR SELECT TO tenon_identity USING (true);
GRANT SELECT (id, name, status) ON tenants TO tenon_identity;

-- Whoever signs in is written down in the operators' chain; who joins a tenant, in that tenant's.
CREATE POLICY identity_appends ON audit_entries FOR INSERT TO tenon_identity, tenon_eraser WITH CHECK (chain = 'operator');
CREATE POLICY identity_joins ON audit_entries FOR INSERT TO tenon_identity
  WITH CHECK (chain = (SELECT current_tenant_id()));
CREATE POLICY identity_continues ON audit_heads FOR SELECT TO tenon_identity, tenon_eraser USING (chain = 'operator');
CREATE POLICY identity_joins ON audit_heads FOR SELECT TO tenon_identity
  USING (chain = (SELECT current_tenant_id()));
GRANT INSERT ON audit_entries TO tenon_identity, tenon_eraser;
GRANT SELECT ON audit_heads TO tenon_identity, tenon_eraser;
GRANT EXECUTE ON FUNCTION lock_audit_chain(text) TO tenon_identity, tenon_eraser;

CREATE POLICY operator ON tenant_erasures TO tenon_operator USING (true) WITH CHECK (true);
CREATE POLICY eraser ON tenant_erasures TO tenon_eraser USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON tenant_erasures TO tenon_operator;
GRANT SELECT, UPDATE (rows_erased, audit_seq, audit_hash, finished_at) ON tenant_erasures TO tenon_eraser;

-- Finds the session behind a cookie, before anybody knows the tenant: one exact hash. It is asked with every request of
-- a browser, so it notes the use at most once a minute. The idle time is the caller's to know, because it is
-- configuration; a session that was idle for longer stays dead, because its use is not noted any more.
CREATE FUNCTION authenticate_session(wanted bytea, idle_seconds integer)
  RETURNS TABLE (id text, user_id text, email text, name text, operator boolean, created_at timestamptz,
                 expires_at timestamptz, memberships jsonb)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE public.sessions AS s SET last_seen_at = now()
    WHERE s.token_hash = wanted AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at > now() - make_interval(secs => idle_seconds)
      AND s.last_seen_at < now() - interval '1 minute';
  RETURN QUERY
    SELECT s.id, u.id, u.email, u.name, u.operator, s.created_at::timestamptz, s.expires_at::timestamptz,
           coalesce((SELECT jsonb_agg(jsonb_build_object('tenantId', m.tenant_id, 'tenantName', t.name,
                                                         'tenantStatus', t.status, 'role', m.role) ORDER BY m.tenant_id)
                       FROM public.memberships AS m JOIN public.tenants AS t ON t.id = m.tenant_id
                       WHERE m.user_id = u.id), '[]'::jsonb)
      FROM public.sessions AS s JOIN public.users AS u ON u.id = s.user_id
      WHERE s.token_hash = wanted AND s.revoked_at IS NULL AND s.expires_at > now()
        AND s.last_seen_at > now() - make_interval(secs => idle_seconds);
END
$$;

-- The tenant of the transaction, if it is one that its operator has marked for deletion. Everything that the eraser may
-- touch is bound to this, so that no mistake in a program removes a row of a tenant that lives.
CREATE FUNCTION erasable_tenant_id() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  BEGIN ATOMIC
    SELECT id FROM tenants WHERE id = current_tenant_id() AND status = 'deleting';
  END;
CREATE POLICY erasure_finds ON tenants FOR SELECT TO tenon_eraser USING (status = 'deleting');
CREATE POLICY erasure ON tenants FOR DELETE TO tenon_eraser
  USING (id = (SELECT current_tenant_id()) AND status = 'deleting');
GRANT SELECT (id, status, updated_at), DELETE ON tenants TO tenon_eraser;

-- For migrations: says that the rows of `owned` belong to the tenants in its column tenant_id and go when they go.
CREATE FUNCTION tenant_owns(owned regclass) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  key_columns text;
BEGIN
  SELECT string_agg(DISTINCT quote_ident(a.attname), ', ') INTO key_columns
    FROM pg_attribute AS a LEFT JOIN pg_index AS i ON i.indrelid = a.attrelid AND i.indisprimary
    WHERE a.attrelid = owned AND (a.attname = 'tenant_id' OR a.attnum = ANY (i.indkey)) AND a.attnum > 0;
  EXECUTE format('CREATE POLICY erasure_reads ON %s FOR SELECT TO tenon_eraser '
                 'USING (tenant_id = (SELECT public.erasable_tenant_id()))', owned);
  EXECUTE format('CREATE POLICY erasure ON %s FOR DELETE TO tenon_eraser '
                 'USING (tenant_id = (SELECT public.erasable_tenant_id()))', owned);
  EXECUTE format('GRANT SELECT (%s), DELETE ON %s TO tenon_eraser', key_columns, owned);
END
$$;

SELECT tenant_owns('api_keys'), tenant_owns('deployments'), tenant_owns('events'), tenant_owns('executions'),
       tenant_owns('functions'), tenant_owns('invitations'), tenant_owns('memberships'), tenant_owns('usage_deltas'),
       tenant_owns('usage_hours'), tenant_owns('versions'), tenant_owns('webhook_sources');

-- A function and its live deployment point at each other; this is what unties them.
CREATE POLICY erasure_unties ON functions FOR UPDATE TO tenon_eraser
  USING (tenant_id = (SELECT erasable_tenant_id())) WITH CHECK (tenant_id = (SELECT erasable_tenant_id()));
GRANT UPDATE (live_deployment_id), SELECT (live_deployment_id) ON functions TO tenon_eraser;

-- People who belonged to the tenant and to nobody else go with it.
CREATE FUNCTION erase_people_of_tenant() RETURNS bigint
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH gone AS (
    DELETE FROM public.users AS u
      WHERE NOT u.operator
        AND EXISTS (SELECT FROM public.memberships AS m JOIN public.tenants AS t ON t.id = m.tenant_id
                      WHERE m.user_id = u.id AND t.id = public.current_tenant_id() AND t.status = 'deleting')
        AND NOT EXISTS (SELECT FROM public.memberships AS m
                          WHERE m.user_id = u.id AND m.tenant_id <> public.current_tenant_id())
      RETURNING 1)
  SELECT count(*) FROM gone
$$;
CREATE POLICY erasure_of_people ON users FOR DELETE TO CURRENT_USER USING (true);
CREATE POLICY erasure_of_people ON memberships FOR DELETE TO CURRENT_USER USING (true);
CREATE POLICY erasure_of_people ON sessions FOR DELETE TO CURRENT_USER USING (true);

-- Where the chain of a tenant that is being deleted ends: what is kept of it.
CREATE FUNCTION erasable_audit_head() RETURNS TABLE (seq bigint, hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT h.seq, h.hash FROM public.audit_heads AS h JOIN public.tenants AS t ON t.id = h.chain
    WHERE t.id = public.current_tenant_id() AND t.status = 'deleting'
$$;

-- Removes up to `rows_max` entries of that chain, the last ones first, and its head with the last of them.
CREATE FUNCTION erase_audit_chain(rows_max integer) RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wanted text;
  removed bigint;
BEGIN
  SELECT t.id INTO wanted FROM public.tenants AS t
    WHERE t.id = public.current_tenant_id() AND t.status = 'deleting';
  IF wanted IS NULL THEN
    RETURN 0;
  END IF;
  -- The lock of lock_audit_chain.
  PERFORM pg_advisory_xact_lock(hashtextextended('tenon.audit:' || wanted, 0));
  PERFORM set_config('app.audit_removal', 'on', true);
  DELETE FROM public.audit_entries AS e
    WHERE e.chain = wanted AND e.seq IN (SELECT l.seq FROM public.audit_entries AS l WHERE l.chain = wanted
                                           ORDER BY l.seq DESC LIMIT least(greatest(rows_max, 0), 10000));
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM set_config('app.audit_removal', 'off', true);
  IF NOT EXISTS (SELECT FROM public.audit_entries AS e WHERE e.chain = wanted) THEN
    DELETE FROM public.audit_heads AS h WHERE h.chain = wanted;
  END IF;
  RETURN removed;
END
$$;
CREATE POLICY erasure_of_chains ON audit_entries FOR DELETE TO CURRENT_USER USING (true);
CREATE POLICY erasure_reads ON audit_entries FOR SELECT TO CURRENT_USER USING (true);

-- The same guard as before, but for the function above: it alone says that it means to remove.
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('app.audit_removal', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'audit entries are append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

REVOKE ALL ON FUNCTION authenticate_session(bytea, integer), erasable_tenant_id(), tenant_owns(regclass),
  erase_people_of_tenant(), erasable_audit_head(), erase_audit_chain(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_session(bytea, integer) TO tenon_app;
GRANT EXECUTE ON FUNCTION erasable_tenant_id(), erase_people_of_tenant(), erasable_audit_head(),
  erase_audit_chain(integer) TO tenon_eraser;
