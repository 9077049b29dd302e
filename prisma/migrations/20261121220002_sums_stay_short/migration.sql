-- Runs of delayed and held events come late to hours and days that are added up, a few with every round for as long as
-- there are any. Writing histograms behind one another would make such rows grow without end, so now and then each class
-- is counted together. A histogram in which each class stands once has at most 361 entries of six bytes.
CREATE FUNCTION both_histograms(a bytea, b bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(a) + length(b) <= 4332 THEN a || b ELSE (
  SELECT string_agg(class || substr(int8send(least(runs, 4294967295)), 5), '' ORDER BY class) FROM (
    SELECT substr(a || b, 6 * n + 1, 2) AS class,
           sum(('x' || encode(substr(a || b, 6 * n + 3, 4), 'hex'))::bit(32)::bigint)::bigint AS runs
      FROM generate_series(0, (length(a) + length(b)) / 6 - 1) AS n GROUP BY 1) AS counted
) END;

-- The same for `trap 3,deadline 1`: there are not two dozen outcomes.
CREATE FUNCTION both_outcomes(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(a) + length(b) <= 1000 THEN a || ',' || b ELSE (
  SELECT string_agg(name || ' ' || runs, ',' ORDER BY name) FROM (
    SELECT split_part(part, ' ', 1) AS name, sum(split_part(part, ' ', 2)::bigint) AS runs
      FROM string_to_table(a || ',' || b, ',') AS part GROUP BY 1) AS counted
) END;

CREATE OR REPLACE FUNCTION add_sums(usage json, minutes json, hours json, days json, charts json) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO public.usage_hours AS h
    SELECT u.* FROM json_populate_recordset(NULL::public.usage_hours, usage) AS u
    ON CONFLICT (tenant_id, hour, function_id) DO UPDATE SET
      executions = h.executions + excluded.executions,
      succeeded = h.succeeded + excluded.succeeded,
      failed_guest = h.failed_guest + excluded.failed_guest,
      failed_caller = h.failed_caller + excluded.failed_caller,
      failed_ours = h.failed_ours + excluded.failed_ours,
      instructions = h.instructions + excluded.instructions,
      fuel = h.fuel + excluded.fuel,
      cpu_us = h.cpu_us + excluded.cpu_us;
  INSERT INTO public.execution_minutes AS m
    SELECT u.* FROM json_populate_recordset(NULL::public.execution_minutes, minutes) AS u
    ON CONFLICT (tenant_id, minute, function_id, version_id, kind, outcome) DO UPDATE SET
      executions = m.executions + excluded.executions,
      instructions = m.instructions + excluded.instructions,
      instructions_min = least(m.instructions_min, excluded.instructions_min),
      instructions_max = greatest(m.instructions_max, excluded.instructions_max),
      wall_us = m.wall_us + excluded.wall_us,
      wall_us_min = least(m.wall_us_min, excluded.wall_us_min),
      wall_us_max = greatest(m.wall_us_max, excluded.wall_us_max),
      wall_histogram = public.both_histograms(m.wall_histogram, excluded.wall_histogram),
      instruction_histogram = public.both_histograms(m.instruction_histogram, excluded.instruction_histogram);
  INSERT INTO public.execution_hours AS h
    SELECT u.* FROM json_populate_recordset(NULL::public.execution_hours, hours) AS u
    ON CONFLICT (tenant_id, hour, function_id, version_id, kind, outcome) DO UPDATE SET
      executions = h.executions + excluded.executions,
      instructions = h.instructions + excluded.instructions,
      instructions_min = least(h.instructions_min, excluded.instructions_min),
      instructions_max = greatest(h.instructions_max, excluded.instructions_max),
      wall_us = h.wall_us + excluded.wall_us,
      wall_us_min = least(h.wall_us_min, excluded.wall_us_min),
      wall_us_max = greatest(h.wall_us_max, excluded.wall_us_max),
      wall_histogram = public.both_histograms(h.wall_histogram, excluded.wall_histogram),
      instruction_histogram = public.both_histograms(h.instruction_histogram, excluded.instruction_histogram);
  INSERT INTO public.execution_days AS d
    SELECT u.* FROM json_populate_recordset(NULL::public.execution_days, days) AS u
    ON CONFLICT (tenant_id, day, function_id, version_id, kind, outcome) DO UPDATE SET
      executions = d.executions + excluded.executions,
      instructions = d.instructions + excluded.instructions,
      instructions_min = least(d.instructions_min, excluded.instructions_min),
      instructions_max = greatest(d.instructions_max, excluded.instructions_max),
      wall_us = d.wall_us + excluded.wall_us,
      wall_us_min = least(d.wall_us_min, excluded.wall_us_min),
      wall_us_max = greatest(d.wall_us_max, excluded.wall_us_max),
      wall_histogram = public.both_histograms(d.wall_histogram, excluded.wall_histogram),
      instruction_histogram = public.both_histograms(d.instruction_histogram, excluded.instruction_histogram);
  INSERT INTO public.chart_sums AS c
    SELECT u.* FROM json_populate_recordset(NULL::public.chart_sums, charts) AS u
    ON CONFLICT (tenant_id, grain, start, function_id, fault) DO UPDATE SET
      executions = c.executions + excluded.executions,
      outcomes = public.both_outcomes(c.outcomes, excluded.outcomes),
      instructions = c.instructions + excluded.instructions,
      instructions_max = greatest(c.instructions_max, excluded.instructions_max),
      wall_us = c.wall_us + excluded.wall_us,
      wall_us_max = greatest(c.wall_us_max, excluded.wall_us_max),
      wall_histogram = public.both_histograms(c.wall_histogram, excluded.wall_histogram),
      instruction_histogram = public.both_histograms(c.instruction_histogram, excluded.instruction_histogram);
END
$$;
