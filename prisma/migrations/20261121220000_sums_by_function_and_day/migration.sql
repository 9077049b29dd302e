-- Charts read as few rows as they show. Hours are added up into days as well, for spans of months; and hours and days are
-- added up by function and by tenant, where nothing is asked of version, kind or single outcome: a row for each of whose
-- fault it was, because charts of failures are what people look at most.

CREATE TABLE execution_days (
  tenant_id text NOT NULL,
  day timestamptz(3) NOT NULL,
  function_id text NOT NULL,
  version_id text NOT NULL,
  kind text NOT NULL,
  outcome text NOT NULL,
  executions bigint NOT NULL,
  instructions bigint NOT NULL,
  instructions_min bigint NOT NULL,
  instructions_max bigint NOT NULL,
  wall_us bigint NOT NULL,
  wall_us_min bigint NOT NULL,
  wall_us_max bigint NOT NULL,
  wall_histogram bytea NOT NULL,
  instruction_histogram bytea NOT NULL,
  CONSTRAINT execution_days_pkey PRIMARY KEY (tenant_id, day, function_id, version_id, kind, outcome)
);

-- The grain comes before the time: the rows of one chart then stand side by side. Rows of a tenant have no function.
-- Outcomes are written as `trap 3,deadline 1`, in any order; an outcome may come several times, as a histogram's class may.
CREATE TABLE chart_sums (
  tenant_id text NOT NULL,
  grain text NOT NULL,
  start timestamptz(3) NOT NULL,
  function_id text NOT NULL,
  fault text NOT NULL,
  executions bigint NOT NULL,
  outcomes text NOT NULL,
  instructions bigint NOT NULL,
  instructions_max bigint NOT NULL,
  wall_us bigint NOT NULL,
  wall_us_max bigint NOT NULL,
  wall_histogram bytea NOT NULL,
  instruction_histogram bytea NOT NULL,
  CONSTRAINT chart_sums_pkey PRIMARY KEY (tenant_id, grain, start, function_id, fault),
  CONSTRAINT chart_sums_grain_check CHECK (grain IN ('function_hour', 'function_day', 'tenant_hour', 'tenant_day')),
  CONSTRAINT chart_sums_function_check CHECK ((function_id = '') = (grain LIKE 'tenant%'))
);

-- Of all tenants, whole days are added up and old ones removed; rows come in the order of time.
CREATE INDEX execution_hours_hour_idx ON execution_hours USING brin (hour);
CREATE INDEX execution_days_day_idx ON execution_days USING brin (day);
CREATE INDEX chart_sums_start_idx ON chart_sums USING brin (start);

-- Days before this one are added up in execution_days; there is no day with an open hour among them. The worker adds up
-- the days that are over already, one after the other.
ALTER TABLE closed_hours ADD COLUMN days_until timestamptz(3);
UPDATE closed_hours SET days_until =
  date_trunc('day', least(until, (SELECT min(h.hour) FROM execution_hours AS h)), 'UTC');
ALTER TABLE closed_hours ALTER COLUMN days_until SET NOT NULL,
  ADD CONSTRAINT closed_hours_order_check CHECK (days_until <= until);

ALTER TABLE execution_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution_days FORCE ROW LEVEL SECURITY;
ALTER TABLE chart_sums ENABLE ROW LEVEL SECURITY;
ALTER TABLE chart_sums FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON execution_days FOR SELECT TO tenon_app USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY own_tenant ON chart_sums FOR SELECT TO tenon_app USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY roll_up_adds ON execution_days TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY roll_up_adds ON chart_sums TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT ON execution_days, chart_sums TO tenon_app;
SELECT tenant_owns('execution_days'), tenant_owns('chart_sums');

-- The hours that are closed already.
INSERT INTO chart_sums
  SELECT h.tenant_id, g.grain, h.hour, CASE g.grain WHEN 'tenant_hour' THEN '' ELSE h.function_id END AS named,
         CASE WHEN h.outcome = 'succeeded' THEN 'none'
              WHEN h.outcome IN ('invalid_input', 'input_too_large', 'quota_exceeded') THEN 'caller'
              WHEN h.outcome = 'internal' THEN 'ours' ELSE 'guest' END AS fault,
         sum(h.executions), string_agg(h.outcome || ' ' || h.executions, ','), sum(h.instructions), max(h.instructions_max),
         sum(h.wall_us), max(h.wall_us_max), string_agg(h.wall_histogram, ''), string_agg(h.instruction_histogram, '')
    FROM execution_hours AS h, (VALUES ('function_hour'), ('tenant_hour')) AS g (grain)
    GROUP BY h.tenant_id, g.grain, h.hour, named, fault;

-- What was folded or added up is added to what is there, in one statement for all that count it. A worker of the release
-- before this one doesn't know days and charts: its roll-up fails and waits for it to be replaced.
DROP FUNCTION add_usage(json, json);
DROP FUNCTION add_execution_hours(json);
CREATE FUNCTION add_sums(usage json, minutes json, hours json, days json, charts json) RETURNS void
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
      wall_histogram = m.wall_histogram || excluded.wall_histogram,
      instruction_histogram = m.instruction_histogram || excluded.instruction_histogram;
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
      wall_histogram = h.wall_histogram || excluded.wall_histogram,
      instruction_histogram = h.instruction_histogram || excluded.instruction_histogram;
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
      wall_histogram = d.wall_histogram || excluded.wall_histogram,
      instruction_histogram = d.instruction_histogram || excluded.instruction_histogram;
  INSERT INTO public.chart_sums AS c
    SELECT u.* FROM json_populate_recordset(NULL::public.chart_sums, charts) AS u
    ON CONFLICT (tenant_id, grain, start, function_id, fault) DO UPDATE SET
      executions = c.executions + excluded.executions,
      outcomes = c.outcomes || ',' || excluded.outcomes,
      instructions = c.instructions + excluded.instructions,
      instructions_max = greatest(c.instructions_max, excluded.instructions_max),
      wall_us = c.wall_us + excluded.wall_us,
      wall_us_max = greatest(c.wall_us_max, excluded.wall_us_max),
      wall_histogram = c.wall_histogram || excluded.wall_histogram,
      instruction_histogram = c.instruction_histogram || excluded.instruction_histogram;
END
$$;

-- The oldest day that is over and not closed, or null: then there is nothing to do, or somebody else does it. Days
-- without a run are passed over at once.
CREATE FUNCTION next_day_to_close() RETURNS timestamptz
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  open_from timestamptz;
  closable timestamptz;
  first_run timestamptz;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('tenon.roll_up', 0)) THEN
    RETURN NULL;
  END IF;
  SELECT c.days_until, date_trunc('day', c.until, 'UTC') INTO open_from, closable FROM public.closed_hours AS c;
  IF open_from >= closable THEN
    RETURN NULL;
  END IF;
  SELECT date_trunc('day', min(h.hour), 'UTC') INTO first_run FROM public.execution_hours AS h
    WHERE h.hour >= open_from AND h.hour < closable;
  IF first_run IS NULL OR first_run > open_from THEN
    UPDATE public.closed_hours SET days_until = coalesce(first_run, closable);
  END IF;
  RETURN first_run;
END
$$;

CREATE FUNCTION hours_of_day(wanted timestamptz) RETURNS SETOF execution_hours
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT * FROM public.execution_hours AS h
    WHERE h.hour >= date_trunc('day', wanted, 'UTC') AND h.hour < date_trunc('day', wanted, 'UTC') + interval '24 hours'
    ORDER BY h.tenant_id, h.function_id, h.version_id, h.kind, h.outcome
$$;

CREATE FUNCTION close_day(wanted timestamptz) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE public.closed_hours SET days_until = date_trunc('day', wanted, 'UTC') + interval '24 hours'
    WHERE days_until = date_trunc('day', wanted, 'UTC')
$$;

-- Up to where hours and days are added up; only while nobody else adds up, which `take_usage_deltas` saw to.
CREATE FUNCTION closed_spans() RETURNS closed_hours
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT * FROM public.closed_hours
$$;

-- As before, and days and charts go with the hours they are of.
CREATE OR REPLACE FUNCTION keep_statistics(days_ahead integer, days_kept integer, days_hours_kept integer) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
  hours_from timestamptz := (today - greatest(days_hours_kept, 1))::timestamp AT TIME ZONE 'UTC';
  day date;
  partition text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tenon.execution_partitions', 0));
  FOR day IN SELECT today + n FROM generate_series(-1, least(greatest(days_ahead, 0), 31)) AS n LOOP
    partition := 'execution_minutes_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE TABLE public.%I PARTITION OF public.execution_minutes FOR VALUES FROM (%L) TO (%L)',
        partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
      EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', partition);
      EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', partition);
      made := made + 1;
    EXCEPTION WHEN check_violation THEN
      -- The default partition already holds minutes of that day. They stay there, and so do those that follow.
      NULL;
    END;
  END LOOP;
  FOR partition IN
    SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'public.execution_minutes'::regclass AND c.relname ~ '^execution_minutes_\d{8}$'
        AND to_date(right(c.relname, 8), 'YYYYMMDD') < today - greatest(days_kept, 1)
  LOOP
    EXECUTE format('DROP TABLE public.%I', partition);
  END LOOP;
  DELETE FROM public.execution_minutes_default AS m
    WHERE m.minute < (today - greatest(days_kept, 1))::timestamp AT TIME ZONE 'UTC';
  DELETE FROM public.execution_hours AS h WHERE h.hour < hours_from;
  DELETE FROM public.execution_days AS d WHERE d.day < hours_from;
  DELETE FROM public.chart_sums AS c WHERE c.start < hours_from;
  RETURN made;
END
$$;

REVOKE ALL ON FUNCTION add_sums(json, json, json, json, json), next_day_to_close(), hours_of_day(timestamptz),
  close_day(timestamptz), closed_spans() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION add_sums(json, json, json, json, json), next_day_to_close(), hours_of_day(timestamptz),
  close_day(timestamptz), closed_spans() TO tenon_scheduler;
