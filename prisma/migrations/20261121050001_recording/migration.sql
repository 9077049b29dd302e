-- One commit for the results of many jobs of many tenants. Each tenant's part runs with that tenant named, so that the
-- policies bind every statement to it as they do anywhere else.

-- Where the run stood among the functions of its point, and what is kept of input and output: as text in its column, as
-- the data of its event, or in the storage under its hash. Hashes are there whatever is kept.
ALTER TABLE executions
  ADD COLUMN IF NOT EXISTS settings_id text,
  ADD COLUMN position integer,
  ADD COLUMN input_sha256 bytea CHECK (octet_length(input_sha256) = 32),
  ADD COLUMN output_sha256 bytea CHECK (octet_length(output_sha256) = 32),
  ADD COLUMN input_place text CHECK (input_place IN ('event', 'storage')),
  ADD COLUMN output_place text CHECK (output_place IN ('storage'));

-- An execution's id begins with the time of its event, so those of one event are found by their ids.
DROP INDEX executions_event_id_idx;

-- What several functions of one point made of an event together: who ran, in what order, and who changed what.
CREATE TABLE point_results (
  tenant_id text NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  extension_point text NOT NULL,
  attempt integer NOT NULL,
  combination text NOT NULL,
  outcome text NOT NULL,
  output text,
  steps jsonb NOT NULL,
  recorded_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT point_results_pkey PRIMARY KEY (tenant_id, event_id, extension_point, attempt)
);
ALTER TABLE point_results ENABLE ROW LEVEL SECURITY;
ALTER TABLE point_results FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON point_results FOR SELECT TO tenon_app USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY record ON point_results FOR INSERT TO tenon_recorder WITH CHECK (tenant_id = (SELECT current_tenant_id()));
GRANT SELECT ON point_results TO tenon_app;
GRANT INSERT ON point_results TO tenon_recorder;
SELECT tenant_owns('point_results');

-- Records what one tenant's events did. `work` says which events end ("done": ids by the attempts that they had) and
-- which come again. An event that is not there any more, or has had another attempt meanwhile, was recorded by somebody
-- else or cancelled: nothing about it is written. Returns the ids of the executions that were new.
-- `targets` holds once what all runs of a function in the batch share; a run names its target by its number.
-- No sequential scans: these plans are kept, and they are made while the table is nearly empty.
CREATE FUNCTION record_runs(tenant text, targets json, runs json, work json) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  part record;
  taken text[];
  gone text[] := '{}';
BEGIN
  PERFORM set_config('app.tenant_id', tenant, true);
  FOR part IN SELECT * FROM json_to_recordset(work -> 'done') AS d(attempts integer, ids text[]) LOOP
    WITH ended AS (
      DELETE FROM event_work AS w
        WHERE w.id = ANY (part.ids) AND w.tenant_id = tenant AND w.status = 'ready' AND w.attempts = part.attempts
        RETURNING w.id
    )
    SELECT array_agg(e.id) INTO taken FROM ended AS e;
    IF coalesce(cardinality(taken), 0) < cardinality(part.ids) THEN
      gone := gone || ARRAY(SELECT unnest(part.ids) EXCEPT SELECT unnest(taken));
    END IF;
  END LOOP;
  FOR part IN
    SELECT * FROM json_to_recordset(work -> 'again') AS a(id text, attempts integer, "attemptsNow" integer,
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
    SELECT tenant, e.id, 'done', e.note FROM json_to_recordset(work -> 'endings') AS e(id text, note text)
      WHERE e.id <> ALL (gone)
    ON CONFLICT DO NOTHING;
  INSERT INTO point_results (tenant_id, event_id, extension_point, attempt, combination, outcome, output, steps)
    SELECT tenant, p."eventId", p."extensionPoint", p.attempt, p.combination, p.outcome, p.output, p.steps
      FROM json_to_recordset(work -> 'results') AS p("eventId" text, "extensionPoint" text, attempt integer,
        combination text, outcome text, output text, steps jsonb)
      WHERE p."eventId" <> ALL (gone)
    ON CONFLICT DO NOTHING;
  RETURN QUERY
    INSERT INTO executions AS x (tenant_id, id, kind, event_id, function_id, function_name, version_id, extension_point,
      attempt, outcome, message, input, output, log, log_bytes_dropped, instructions_used, fuel_used, memory_bytes_peak,
      cpu_us, wall_us, limit_reached, exit_code, guest_error, backtrace, clock_ms, seed, engine, started_at, position,
      input_sha256, output_sha256, input_place, output_place, settings_id)
    SELECT tenant, e.id, t.kind, e."eventId", t."functionId", t."functionName", t."versionId", t."extensionPoint",
      t.attempt, e.outcome, e.message, e.input, e.output, e.log, coalesce((e.rest ->> 'logBytesDropped')::bigint, 0),
      e."instructionsUsed", e."fuelUsed", e."memoryBytesPeak", e."cpuUs", e."wallUs", (e.rest -> 'limit')::jsonb,
      (e.rest ->> 'exitCode')::bigint, e.rest ->> 'guestError', (e.rest -> 'backtrace')::jsonb, e."clockMs", e.seed,
      t.engine, e."startedAt", t.position, decode(e."inputSha256", 'hex'), decode(e."outputSha256", 'hex'),
      t."inputPlace", t."outputPlace", t."settingsId"
    FROM json_to_recordset(runs) AS e(target int, id text, "eventId" text, outcome text, message text, input text,
      output text, log text, "instructionsUsed" bigint, "fuelUsed" bigint, "memoryBytesPeak" bigint, "cpuUs" bigint,
      "wallUs" bigint, "clockMs" bigint, seed text, "startedAt" timestamptz, "inputSha256" text, "outputSha256" text,
      rest json)
    JOIN json_to_recordset(targets) AS t(target int, kind text, "functionId" text, "functionName" text,
      "versionId" text, "extensionPoint" text, attempt int, engine text, position int, "inputPlace" text,
      "outputPlace" text, "settingsId" text) ON t.target = e.target
    WHERE e."eventId" IS NULL OR e."eventId" <> ALL (gone)
    ON CONFLICT DO NOTHING
    RETURNING x.id;
END
$$;

REVOKE ALL ON FUNCTION record_runs(text, json, json, json) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_runs(text, json, json, json) TO tenon_recorder;
