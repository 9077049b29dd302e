-- Audit at the speed of the event pipeline: appends to many chains in one round trip, the text that was hashed kept as
-- it was, seals that the database can't make, and retention that leaves a chain verifiable.

-- The text of `details` is part of what is hashed. As json it stays character by character, so that verifying needs
-- neither to parse nor to sort it; jsonb would write it anew.
ALTER TABLE audit_entries ALTER COLUMN details TYPE json USING details::json;

-- An HMAC over the chain's name, place and hash, on the last entry of each append, under a key that never reaches the
-- database: whoever writes here by hand, with whatever rights, can't add to a chain unnoticed.
ALTER TABLE audit_entries ADD COLUMN seal text CHECK (seal ~ '^v1:[0-9a-f]{8}:[0-9a-f]{64}$');

-- Times never go back within a chain, so a range of times is a range of places.
ALTER TABLE audit_heads ADD COLUMN at timestamptz(3) NOT NULL DEFAULT 'epoch';

CREATE INDEX audit_entries_chain_at_seq_idx ON audit_entries (chain, at, seq);
CREATE INDEX audit_entries_chain_actor_seq_idx ON audit_entries (chain, actor, seq);
CREATE INDEX audit_entries_chain_target_seq_idx ON audit_entries (chain, target, seq);
-- Entries of the pipeline belong to no request and cost nothing here.
CREATE INDEX audit_entries_chain_request_id_idx ON audit_entries (chain, request_id) WHERE request_id IS NOT NULL;

-- Where a chain begins once its oldest entries were removed: the last of them, which the first remaining one follows.
-- The chain itself vouches for it, by the entry `audit.pruned` that has to name it.
CREATE TABLE audit_checkpoints (
  chain text PRIMARY KEY,
  seq bigint NOT NULL CHECK (seq >= 1),
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  at timestamptz(3) NOT NULL,
  made_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
ALTER TABLE audit_checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_checkpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON audit_checkpoints FOR SELECT TO tenon_app USING (chain = (SELECT current_tenant_id()));
CREATE POLICY operator ON audit_checkpoints FOR SELECT TO tenon_operator USING (chain = 'operator');
CREATE POLICY retention_moves ON audit_checkpoints TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT ON audit_checkpoints TO tenon_app, tenon_operator;

-- The tenants that a transaction names: several by `app.tenant_ids`, parted by commas, else the one of `app.tenant_id`.
CREATE FUNCTION current_tenant_ids() RETURNS text[]
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN string_to_array(
    coalesce(nullif(current_setting('app.tenant_ids', true), ''), current_setting('app.tenant_id', true)), ',');

-- The recorder writes micro-batches of several tenants in one transaction.
ALTER POLICY own_tenant_appends ON audit_entries TO tenon_app;
CREATE POLICY named_tenants_append ON audit_entries FOR INSERT TO tenon_recorder
  WITH CHECK (chain = ANY ((SELECT current_tenant_ids())::text[]));
ALTER POLICY own_tenant ON audit_heads TO tenon_app;
CREATE POLICY named_tenants ON audit_heads FOR SELECT TO tenon_recorder
  USING (chain = ANY ((SELECT current_tenant_ids())::text[]));

-- Heads say nothing but how long a chain is. The operator's chain records them now and then (anchors), so that a chain
-- that was rewritten as a whole still differs from what the operator's says about it.
CREATE POLICY operator_anchors ON audit_heads FOR SELECT TO tenon_operator USING (true);

-- Where chains end and what time it is, once nobody else can append to them before this transaction is over. Locks are
-- taken in one order everywhere, so that two batches never wait for each other in a circle, and in statements of their
-- own, so that the read after them sees what the last holders committed.
CREATE FUNCTION lock_audit_chains(wanted text[]) RETURNS TABLE (chain text, seq bigint, hash text, at_ms bigint)
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  one text;
BEGIN
  FOR one IN SELECT DISTINCT w COLLATE "C" FROM unnest(wanted) AS w ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('tenon.audit:' || one, 0));
  END LOOP;
  RETURN QUERY
    SELECT w.chain, coalesce(h.seq, 0), coalesce(h.hash, repeat('0', 64)),
           (extract(epoch FROM greatest(clock_timestamp(), h.at)) * 1000)::bigint
      FROM unnest(wanted) AS w (chain) LEFT JOIN public.audit_heads AS h ON h.chain = w.chain;
END
$$;
REVOKE ALL ON FUNCTION lock_audit_chains(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lock_audit_chains(text[])
  TO tenon_app, tenon_operator, tenon_recorder, tenon_identity, tenon_eraser;
DROP FUNCTION lock_audit_chain(text);

-- Accepts an append only where it continues the chain, and moves the head: the application can't do that by itself.
CREATE OR REPLACE FUNCTION advance_audit_chain() RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  broken record;
BEGIN
  SELECT a.chain, a.seq INTO broken
    FROM (
      SELECT n.chain, n.seq, n.prev_hash, n.at,
             lag(n.seq, 1, coalesce(h.seq, 0)) OVER w AS seq_before,
             lag(n.hash, 1, coalesce(h.hash, repeat('0', 64))) OVER w AS hash_before,
             lag(n.at, 1, coalesce(h.at, n.at)) OVER w AS at_before
        FROM appended AS n LEFT JOIN public.audit_heads AS h ON h.chain = n.chain
        WINDOW w AS (PARTITION BY n.chain ORDER BY n.seq)
    ) AS a
    WHERE a.seq <> a.seq_before + 1 OR a.prev_hash <> a.hash_before OR a.at < a.at_before
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'audit entry % of chain % does not continue the chain', broken.seq, broken.chain
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO public.audit_heads AS h (chain, seq, hash, at)
    SELECT DISTINCT ON (n.chain) n.chain, n.seq, n.hash, n.at FROM appended AS n ORDER BY n.chain, n.seq DESC
    ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at = excluded.at;
  RETURN NULL;
END
$$;

-- Removes the entries of a chain up to `upto`. Whoever asks must have recorded in the same chain what goes; what is
-- younger than 30 days stays whatever anybody asks, so that a burglar can't remove his traces.
CREATE FUNCTION prune_audit(wanted text, upto bigint) RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last record;
  removed bigint;
BEGIN
  SELECT e.seq, e.hash, e.at INTO last FROM public.audit_entries AS e WHERE e.chain = wanted AND e.seq = upto;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no entry % in chain %', upto, wanted USING ERRCODE = 'no_data_found';
  END IF;
  IF last.at > now() - interval '30 days' THEN
    RAISE EXCEPTION 'audit entries younger than 30 days stay' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT EXISTS (SELECT FROM public.audit_entries AS e
                   WHERE e.chain = wanted AND e.action = 'audit.pruned' AND e.seq > upto
                     AND e.details ->> 'hash' = last.hash AND e.details ->> 'seq' = last.seq::text) THEN
    RAISE EXCEPTION 'the chain does not say that entries up to % go', upto USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO public.audit_checkpoints AS c (chain, seq, hash, at) VALUES (wanted, last.seq, last.hash, last.at)
    ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at = excluded.at, made_at = now()
      WHERE c.seq < excluded.seq;
  PERFORM set_config('app.audit_removal', 'on', true);
  DELETE FROM public.audit_entries AS e WHERE e.chain = wanted AND e.seq <= upto;
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM set_config('app.audit_removal', 'off', true);
  RETURN removed;
END
$$;

CREATE FUNCTION prune_tenant_audit(upto bigint) RETURNS bigint
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT public.prune_audit(public.current_tenant_id(), upto) $$;

CREATE FUNCTION prune_operator_audit(upto bigint) RETURNS bigint
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT public.prune_audit('operator', upto) $$;

-- The last of the oldest entries of a chain that may go, at most `rows_max` at once; the head always stays.
CREATE FUNCTION audit_prune_due(wanted text, before timestamptz, rows_max integer)
  RETURNS TABLE (seq bigint, hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT due.seq, due.hash
    FROM public.audit_heads AS h
      LEFT JOIN public.audit_checkpoints AS c ON c.chain = h.chain
      JOIN public.audit_entries AS first ON first.chain = h.chain AND first.seq = coalesce(c.seq, 0) + 1
      CROSS JOIN LATERAL (
        SELECT e.seq, e.hash FROM public.audit_entries AS e
          WHERE e.chain = h.chain AND e.seq < h.seq AND e.at < before
            AND e.seq <= coalesce(c.seq, 0) + least(greatest(rows_max, 1), 100000)
          ORDER BY e.seq DESC LIMIT 1
      ) AS due
    WHERE h.chain = wanted AND first.at < before
$$;

-- The same for the tenants' chains. Says nothing about what the entries are.
CREATE FUNCTION audit_prunes_due(before timestamptz, rows_max integer, chains_max integer)
  RETURNS TABLE (chain text, seq bigint, hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT h.chain, due.seq, due.hash
    FROM public.audit_heads AS h CROSS JOIN LATERAL public.audit_prune_due(h.chain, before, rows_max) AS due
    WHERE h.chain <> 'operator' ORDER BY h.chain LIMIT least(greatest(chains_max, 0), 1000)
$$;

CREATE FUNCTION operator_prune_due(before timestamptz, rows_max integer) RETURNS TABLE (seq bigint, hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM public.audit_prune_due('operator', before, rows_max) $$;

REVOKE ALL ON FUNCTION prune_audit(text, bigint), prune_tenant_audit(bigint), prune_operator_audit(bigint),
  audit_prune_due(text, timestamptz, integer), audit_prunes_due(timestamptz, integer, integer),
  operator_prune_due(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prune_tenant_audit(bigint) TO tenon_recorder;
GRANT EXECUTE ON FUNCTION prune_operator_audit(bigint), operator_prune_due(timestamptz, integer) TO tenon_operator;
GRANT EXECUTE ON FUNCTION audit_prunes_due(timestamptz, integer, integer) TO tenon_scheduler;

-- As before, and the checkpoint goes with the chain that it belongs to.
CREATE OR REPLACE FUNCTION erase_audit_chain(rows_max integer) RETURNS bigint
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
  -- The lock of lock_audit_chains.
  PERFORM pg_advisory_xact_lock(hashtextextended('tenon.audit:' || wanted, 0));
  PERFORM set_config('app.audit_removal', 'on', true);
  DELETE FROM public.audit_entries AS e
    WHERE e.chain = wanted AND e.seq IN (SELECT l.seq FROM public.audit_entries AS l WHERE l.chain = wanted
                                           ORDER BY l.seq DESC LIMIT least(greatest(rows_max, 0), 10000));
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM set_config('app.audit_removal', 'off', true);
  IF NOT EXISTS (SELECT FROM public.audit_entries AS e WHERE e.chain = wanted) THEN
    DELETE FROM public.audit_heads AS h WHERE h.chain = wanted;
    DELETE FROM public.audit_checkpoints AS c WHERE c.chain = wanted;
  END IF;
  RETURN removed;
END
$$;

-- Heads of chains that are there already get their time.
UPDATE audit_heads AS h SET at = e.at FROM audit_entries AS e WHERE e.chain = h.chain AND e.seq = h.seq;
