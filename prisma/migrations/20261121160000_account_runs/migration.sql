-- The second half of a commit of the recorder, in one round trip: what the runs of each tenant used, and the audit
-- entries of all of them. Each tenant's rows are written with that tenant named, so that the policies bind them as they
-- do anywhere else; the chains of all are named by app.tenant_ids, which the caller has set.
CREATE FUNCTION account_runs(tenants text[], usage text[], entries text) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp
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
    SELECT e.chain, e.seq, e.id, e.at, e.actor, e.action, e.target, e."requestId", e.details, e."prevHash", e.hash,
           e.seal
      FROM json_to_recordset(entries::json) AS e(chain text, seq bigint, id text, at timestamptz, actor text,
        action text, target text, "requestId" text, details json, "prevHash" text, hash text, seal text);
END
$$;
REVOKE ALL ON FUNCTION account_runs(text[], text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_runs(text[], text[], text) TO tenon_recorder;
