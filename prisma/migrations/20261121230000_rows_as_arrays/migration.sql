-- What is written by the thousand comes as arrays, in the binary form that the wire protocol has for them: reading JSON
-- was a quarter of what a row cost. Of each row so many values stand side by side in one array; the comment of a
-- function says which.
--
-- Rows are written as if none of them were there, because hardly ever one is: looking for each of them first, and
-- writing in a way that may be taken back, cost a fifth of an insert. Where one is there after all, a statement takes
-- back what it wrote, finds those that are there and writes the others. Whoever wrote them has committed by then, so
-- each turn finds more; it takes as many turns as others commit the same rows at the same time.

-- Keeps events of one tenant in one round trip and one commit. Answers with those that were there already: their place
-- in the call, counted from 0, and their ids. No two of one call may be the same. Callers send them in the order of
-- source and source_event_id, so that two calls with the same events wait for each other instead of locking each other
-- out.
-- texts: id, source, source_event_id, type, subject, data, origin, held.
-- figures: time, priority, not_before, with times in milliseconds since 1970.
CREATE FUNCTION accept_events(tenant text, texts text[], figures bigint[]) RETURNS TABLE (place integer, id text)
  LANGUAGE plpgsql VOLATILE
  SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  events_given integer := cardinality(texts) / 8;
  -- By place, the ids of those that were there; null for the others.
  known text[] := '{}';
  turn integer := 0;
BEGIN
  PERFORM set_config('app.tenant_id', tenant, true);
  LOOP
    BEGIN
      INSERT INTO events (id, tenant_id, source, source_event_id, type, subject, data, origin, "time")
        SELECT texts[8 * n + 1], tenant, texts[8 * n + 2], texts[8 * n + 3], texts[8 * n + 4], texts[8 * n + 5],
               texts[8 * n + 6], texts[8 * n + 7], to_timestamp(figures[3 * n + 1] / 1000.0::float8)
          FROM generate_series(0, events_given - 1) AS r (n) WHERE known[n + 1] IS NULL;
      INSERT INTO event_work (id, tenant_id, status, reason, priority, not_before)
        SELECT texts[8 * n + 1], tenant, CASE WHEN texts[8 * n + 8] IS NULL THEN 'ready' ELSE 'held' END,
               texts[8 * n + 8], coalesce(figures[3 * n + 2], 5), to_timestamp(figures[3 * n + 3] / 1000.0::float8)
          FROM generate_series(0, events_given - 1) AS r (n) WHERE known[n + 1] IS NULL;
      EXIT;
    EXCEPTION WHEN unique_violation THEN
      turn := turn + 1;
      IF turn > 100 THEN
        RAISE;
      END IF;
      -- Planned for the table as it is now: of two indexes that begin with the tenant, a plan that was made while the
      -- table was empty may use the wrong one.
      EXECUTE $look$
        SELECT ARRAY(
          SELECT (SELECT e.id FROM events AS e
                    WHERE e.tenant_id = $1 AND e.source = $2[8 * n + 2] AND e.source_event_id = $2[8 * n + 3] LIMIT 1)
            FROM generate_series(0, $3 - 1) AS r (n) ORDER BY n)
      $look$ INTO known USING tenant, texts, events_given;
    END;
  END LOOP;
  IF turn > 0 THEN
    RETURN QUERY
      SELECT n, known[n + 1] FROM generate_series(0, events_given - 1) AS r (n) WHERE known[n + 1] IS NOT NULL;
  END IF;
END
$$;
REVOKE ALL ON FUNCTION accept_events(text, text[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accept_events(text, text[], bigint[]) TO tenon_app;
DROP FUNCTION accept_events(text, json);

-- Records what one tenant's events did, and answers with the ids of the executions that were not new. An event that
-- is not there any more, or has had another attempt meanwhile, was recorded by somebody else or cancelled: nothing
-- about it is written. No two executions of one call may have the same id; callers send them in the order of their ids.
-- done: the events that end, those with equal attempts side by side; done_attempts: the attempts that each such part
--   had; done_until: the place of its last event.
-- other: null, or events that come again, endings and results, see RecorderRepository.
-- targets: what all runs of a function in the batch share; a run names its target by its number.
-- texts: id, event_id, outcome, message, seed, input, output, log.
-- figures: target, instructions_used, fuel_used, memory_bytes_peak, cpu_us, wall_us, clock_ms, started_at (in
--   milliseconds since 1970).
-- hashes: input_sha256, output_sha256.
-- rests: null, or of each run null or what few runs have, as the text of a JSON object.
-- No sequential scans, and no plans for one call alone: plans are kept, and they are made while the tables are nearly
-- empty.
CREATE FUNCTION record_runs(tenant text, done text[], done_attempts integer[], done_until integer[], other json,
                            targets json, texts text[], figures bigint[], hashes bytea[], rests text[])
  RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE
  SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  runs integer := cardinality(figures) / 8;
  begun integer := 0;
  ids text[];
  taken text[];
  gone text[] := '{}';
  -- By place, the ids of the executions that were there; null for the others.
  known text[] := '{}';
  part record;
  turn integer := 0;
BEGIN
  PERFORM set_config('app.tenant_id', tenant, true);
  FOR one IN 1..cardinality(done_attempts) LOOP
    ids := done[begun + 1:done_until[one]];
    begun := done_until[one];
    WITH ended AS (
      DELETE FROM event_work AS w
        WHERE w.id = ANY (ids) AND w.tenant_id = tenant AND w.status = 'ready' AND w.attempts = done_attempts[one]
        RETURNING w.id
    )
    SELECT array_agg(e.id) INTO taken FROM ended AS e;
    IF coalesce(cardinality(taken), 0) < cardinality(ids) THEN
      gone := gone || ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(taken));
    END IF;
  END LOOP;
  IF other IS NOT NULL THEN
    FOR part IN
      SELECT * FROM json_to_recordset(other -> 'again') AS a(id text, attempts integer, "attemptsNow" integer,
        failures integer, status text, reason text, "notBefore" timestamptz, todo jsonb) ORDER BY a.id
    LOOP
      UPDATE event_work AS w
        SET attempts = part."attemptsNow", failures = part.failures, status = part.status, reason = part.reason,
            not_before = part."notBefore", todo = part.todo, changed_at = now()
        WHERE w.id = part.id AND w.tenant_id = tenant AND w.status = 'ready' AND w.attempts = part.attempts;
      IF NOT FOUND THEN
        gone := gone || part.id;
      END IF;
    END LOOP;
    INSERT INTO event_endings (tenant_id, id, ending, note)
      SELECT tenant, e.id, 'done', e.note FROM json_to_recordset(other -> 'endings') AS e(id text, note text)
        WHERE e.id <> ALL (gone)
      ON CONFLICT DO NOTHING;
    INSERT INTO point_results (tenant_id, event_id, extension_point, attempt, combination, outcome, output, steps)
      SELECT tenant, p."eventId", p."extensionPoint", p.attempt, p.combination, p.outcome, p.output, p.steps
        FROM json_to_recordset(other -> 'results') AS p("eventId" text, "extensionPoint" text, attempt integer,
          combination text, outcome text, output text, steps jsonb)
        WHERE p."eventId" <> ALL (gone)
      ON CONFLICT DO NOTHING;
  END IF;
  LOOP
    BEGIN
      INSERT INTO executions (tenant_id, id, kind, event_id, function_id, function_name, version_id, extension_point,
        attempt, outcome, message, input, output, log, log_bytes_dropped, instructions_used, fuel_used,
        memory_bytes_peak, cpu_us, wall_us, limit_reached, exit_code, guest_error, backtrace, clock_ms, seed, engine,
        started_at, position, input_sha256, output_sha256, input_place, output_place, settings_id)
      SELECT tenant, texts[8 * n + 1], t.kind, texts[8 * n + 2], t."functionId", t."functionName", t."versionId",
        t."extensionPoint", t.attempt, texts[8 * n + 3], texts[8 * n + 4], texts[8 * n + 6], texts[8 * n + 7],
        texts[8 * n + 8], coalesce((rests[n + 1]::json ->> 'logBytesDropped')::bigint, 0), figures[8 * n + 2],
        figures[8 * n + 3], figures[8 * n + 4], figures[8 * n + 5], figures[8 * n + 6],
        (rests[n + 1]::json -> 'limit')::jsonb, (rests[n + 1]::json ->> 'exitCode')::bigint,
        rests[n + 1]::json ->> 'guestError', (rests[n + 1]::json -> 'backtrace')::jsonb, figures[8 * n + 7],
        texts[8 * n + 5], t.engine, to_timestamp(figures[8 * n + 8] / 1000.0::float8), t.position, hashes[2 * n + 1],
        hashes[2 * n + 2], t."inputPlace", t."outputPlace", t."settingsId"
      FROM generate_series(0, runs - 1) AS r (n)
        JOIN json_to_recordset(targets) AS t(target bigint, kind text, "functionId" text, "functionName" text,
          "versionId" text, "extensionPoint" text, attempt int, engine text, position int, "inputPlace" text,
          "outputPlace" text, "settingsId" text) ON t.target = figures[8 * n + 1]
      WHERE (texts[8 * n + 2] IS NULL OR texts[8 * n + 2] <> ALL (gone)) AND known[n + 1] IS NULL;
      EXIT;
    EXCEPTION WHEN unique_violation THEN
      turn := turn + 1;
      IF turn > 100 THEN
        RAISE;
      END IF;
      EXECUTE $look$
        SELECT ARRAY(
          SELECT (SELECT x.id FROM executions AS x WHERE x.tenant_id = $1 AND x.id = $2[8 * n + 1] LIMIT 1)
            FROM generate_series(0, $3 - 1) AS r (n) ORDER BY n)
      $look$ INTO known USING tenant, texts, runs;
    END;
  END LOOP;
  IF cardinality(gone) + cardinality(known) > 0 THEN
    RETURN QUERY
      SELECT texts[8 * n + 1] FROM generate_series(0, runs - 1) AS r (n)
        WHERE texts[8 * n + 2] = ANY (gone) OR known[n + 1] IS NOT NULL;
  END IF;
END
$$;
REVOKE ALL ON FUNCTION record_runs(text, text[], integer[], integer[], json, json, text[], bigint[], bytea[], text[])
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_runs(text, text[], integer[], integer[], json, json, text[], bigint[], bytea[], text[])
  TO tenon_recorder;
DROP FUNCTION record_runs(text, json, json, json);

-- The second half of a commit of the recorder, as before: what the runs of each tenant used, and the audit entries of
-- all of them, each tenant's rows with that tenant named.
-- usage: JSON text by tenant.
-- entries: chain, id, at, actor, action, target, request_id, details, prev_hash, hash, seal; seqs: their places.
CREATE FUNCTION account_runs(tenants text[], usage text[], entries text[], seqs bigint[]) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  FOR place IN 1..cardinality(tenants) LOOP
    PERFORM set_config('app.tenant_id', tenants[place], true);
    INSERT INTO usage_deltas (tenant_id, function_id, hour, executions, succeeded, failed_guest, failed_caller,
      failed_ours, instructions, fuel, cpu_us, version_id, kind, outcome, minute, wall_us, wall_us_min, wall_us_max,
      instructions_min, instructions_max, wall_histogram, instruction_histogram)
    SELECT tenants[place], u."functionId", u.hour, u.executions, u.succeeded, u."failedGuest", u."failedCaller",
      u."failedOurs", u.instructions, u.fuel, u."cpuUs", u."versionId", u.kind, u.outcome, u.minute, u."wallUs",
      u."wallUsMin", u."wallUsMax", u."instructionsMin", u."instructionsMax", u."wallHistogram",
      u."instructionHistogram"
    FROM json_to_recordset(usage[place]::json) AS u("functionId" text, hour timestamptz, executions bigint,
      succeeded bigint, "failedGuest" bigint, "failedCaller" bigint, "failedOurs" bigint, instructions bigint,
      fuel bigint, "cpuUs" bigint, "versionId" text, kind text, outcome text, minute timestamptz, "wallUs" bigint,
      "wallUsMin" bigint, "wallUsMax" bigint, "instructionsMin" bigint, "instructionsMax" bigint,
      "wallHistogram" bytea, "instructionHistogram" bytea);
  END LOOP;
  INSERT INTO audit_entries (chain, seq, id, at, actor, action, target, request_id, details, prev_hash, hash, seal)
    SELECT entries[11 * n + 1], seqs[n + 1], entries[11 * n + 2], entries[11 * n + 3]::timestamptz, entries[11 * n + 4],
           entries[11 * n + 5], entries[11 * n + 6], entries[11 * n + 7], entries[11 * n + 8]::json,
           entries[11 * n + 9], entries[11 * n + 10], entries[11 * n + 11]
      FROM generate_series(0, cardinality(seqs) - 1) AS r (n);
END
$$;
REVOKE ALL ON FUNCTION account_runs(text[], text[], text[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_runs(text[], text[], text[], bigint[]) TO tenon_recorder;
DROP FUNCTION account_runs(text[], text[], text);

-- As before, and each head is looked up by its key: one look costs a tenth of a join that is made ready for many.
CREATE OR REPLACE FUNCTION lock_audit_chains(wanted text[])
  RETURNS TABLE (chain text, seq bigint, hash text, at_ms bigint)
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  head record;
BEGIN
  FOR chain IN SELECT DISTINCT w COLLATE "C" FROM unnest(wanted) AS w ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('tenon.audit:' || chain, 0));
    SELECT h.seq, h.hash, h.at INTO head FROM public.audit_heads AS h WHERE h.chain = lock_audit_chains.chain;
    seq := coalesce(head.seq, 0);
    hash := coalesce(head.hash, repeat('0', 64));
    at_ms := (extract(epoch FROM greatest(clock_timestamp(), head.at)) * 1000)::bigint;
    RETURN NEXT;
  END LOOP;
END
$$;

-- As before. Written so that the planner is asked once and not in every call.
CREATE OR REPLACE FUNCTION live_generations_of(tenants text[]) RETURNS TABLE (tenant text, generation text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  of_all text := (SELECT g.generation FROM public.live_generations AS g WHERE g.scope = '*');
BEGIN
  FOREACH tenant IN ARRAY tenants LOOP
    generation := concat_ws('.', of_all, (SELECT g.generation FROM public.live_generations AS g WHERE g.scope = tenant));
    RETURN NEXT;
  END LOOP;
END
$$;

-- As before, without a call for the number.
CREATE OR REPLACE FUNCTION load_work(tenant text, wanted text[])
  RETURNS TABLE (id text, type text, data text, accepted_at timestamptz, attempts integer, failures integer, todo jsonb,
                 generation text)
  LANGUAGE plpgsql VOLATILE
  SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
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
    concat_ws('.', (SELECT g.generation FROM live_generations AS g WHERE g.scope = '*'),
                   (SELECT g.generation FROM live_generations AS g WHERE g.scope = tenant));
END
$$;
DROP FUNCTION live_generation(text);
