-- What became of requests that carried an Idempotency-Key, for a day. `id` is a hash over tenant, caller and key, so one
-- caller's keys never meet another's. A row without a status belongs to a request that is not over; `committed` says
-- that a transaction of it has changed something, and is written by that very transaction.
CREATE TABLE idempotency_keys (
  id          bytea PRIMARY KEY CHECK (octet_length(id) = 32),
  tenant_id   text,
  actor       text NOT NULL,
  request     bytea NOT NULL CHECK (octet_length(request) = 32),
  body        bytea CHECK (octet_length(body) = 32),
  claim       uuid NOT NULL,
  lease_until timestamptz(3) NOT NULL,
  committed   boolean NOT NULL DEFAULT false,
  status      integer CHECK (status BETWEEN 100 AND 599),
  headers     jsonb,
  answer      bytea CHECK (octet_length(answer) <= 300000),
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  expires_at  timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX idempotency_keys_claim_key ON idempotency_keys (claim);
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at);
CREATE INDEX idempotency_keys_actor_idx ON idempotency_keys (actor);

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;

CREATE POLICY own_tenant ON idempotency_keys TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY without_tenant ON idempotency_keys TO tenon_operator
  USING (tenant_id IS NULL) WITH CHECK (tenant_id IS NULL);
CREATE POLICY fence_finds ON idempotency_keys FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY fence_notes ON idempotency_keys FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY forgetting_finds ON idempotency_keys FOR SELECT TO tenon_scheduler USING (expires_at < now());
CREATE POLICY forgetting ON idempotency_keys FOR DELETE TO tenon_scheduler USING (expires_at < now());

GRANT SELECT, INSERT, DELETE ON idempotency_keys TO tenon_app, tenon_operator;
GRANT UPDATE (request, body, claim, lease_until, committed, status, headers, answer, created_at, expires_at)
  ON idempotency_keys TO tenon_app, tenon_operator;
GRANT SELECT (id, expires_at), DELETE ON idempotency_keys TO tenon_scheduler;
SELECT tenant_owns('idempotency_keys');

-- Called last in every transaction of a request that holds a claim, by whichever role it runs. True where the
-- transaction has changed nothing, or where the claim still holds: then both commit together. The claim's id is 122
-- random bits that only its request knows.
CREATE FUNCTION fence_idempotent_request(wanted uuid) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF pg_current_xact_id_if_assigned() IS NULL THEN RETURN true; END IF;
  UPDATE public.idempotency_keys SET committed = true WHERE claim = wanted AND status IS NULL;
  RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION fence_idempotent_request(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fence_idempotent_request(uuid) TO tenon_app, tenon_operator, tenon_identity;
