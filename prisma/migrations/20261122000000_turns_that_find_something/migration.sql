-- As before, but a turn that finds no further row that was there already ends the call: whatever the rows were refused
-- for is nothing that they can be left out for, such as an id that another event has. Such a call was repeated a hundred
-- times before it failed.

CREATE OR REPLACE FUNCTION accept_events(tenant text, texts text[], figures bigint[]) RETURNS TABLE (place integer, id text)
  LANGUAGE plpgsql VOLATILE
  SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  events_given integer := cardinality(texts) / 8;
  -- By place, the ids of those that were there; null for the others.
  known text[] := '{}';
  seen integer := 0;
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
      -- Planned for the table as it is now: of two indexes that begin with the tenant, a plan that was made while the
      -- table was empty may use the wrong one.
      EXECUTE $look$
        SELECT ARRAY(
          SELECT (SELECT e.id FROM events AS e
                    WHERE e.tenant_id = $1 AND e.source = $2[8 * n + 2] AND e.source_event_id = $2[8 * n + 3] LIMIT 1)
            FROM generate_series(0, $3 - 1) AS r (n) ORDER BY n)
      $look$ INTO known USING tenant, texts, events_given;
      IF cardinality(array_remove(known, NULL)) <= seen THEN
        RAISE;
      END IF;
      seen := cardinality(array_remove(known, NULL));
    END;
  END LOOP;
  IF seen > 0 THEN
    RETURN QUERY
      SELECT n, known[n + 1] FROM generate_series(0, events_given - 1) AS r (n) WHERE known[n + 1] IS NOT NULL;
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION record_runs(tenant text, done text[], done_attempts integer[], done_until integer[], other json,
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
  seen integer := 0;
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
      WHERE (texts[8 * n + 2] IS NULL OR texts[8 * n + 2] <> ALL (gone)) AND known[n + 1] IS NULL
      ORDER BY n;
      EXIT;
    EXCEPTION WHEN unique_violation THEN
      EXECUTE $look$
        SELECT ARRAY(
          SELECT (SELECT x.id FROM executions AS x WHERE x.tenant_id = $1 AND x.id = $2[8 * n + 1] LIMIT 1)
            FROM generate_series(0, $3 - 1) AS r (n) ORDER BY n)
      $look$ INTO known USING tenant, texts, runs;
      IF cardinality(array_remove(known, NULL)) <= seen THEN
        RAISE;
      END IF;
      seen := cardinality(array_remove(known, NULL));
    END;
  END LOOP;
  IF cardinality(gone) + cardinality(known) > 0 THEN
    RETURN QUERY
      SELECT texts[8 * n + 1] FROM generate_series(0, runs - 1) AS r (n)
        WHERE texts[8 * n + 2] = ANY (gone) OR known[n + 1] IS NOT NULL;
  END IF;
END
$$;
