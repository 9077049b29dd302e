-- How many runs there were, how they ended and how long they took, by minute and by hour: for charts over any span, and
-- for lists that ask for something rare, which read only the minutes in which there was something of the kind. Minutes
-- and hours are those of the time in an execution's id, which is the time of its event.
--
-- A histogram is a string of six-byte entries, a class of size (2 bytes) and a count (4 bytes), in any order; to add
-- two of them up is to write one behind the other.

-- Deltas of the old form have no minute, so they are folded now.
DO $$ BEGIN WHILE roll_up_usage(100000) > 0 LOOP END LOOP; END $$;

ALTER TABLE usage_deltas
  ADD COLUMN version_id text NOT NULL,
  ADD COLUMN kind text NOT NULL,
  ADD COLUMN outcome text NOT NULL,
  ADD COLUMN minute timestamptz(3) NOT NULL,
  ADD COLUMN wall_us bigint NOT NULL,
  ADD COLUMN wall_us_min bigint NOT NULL,
  ADD COLUMN wall_us_max bigint NOT NULL,
  ADD COLUMN instructions_min bigint NOT NULL,
  ADD COLUMN instructions_max bigint NOT NULL,
  ADD COLUMN wall_histogram bytea NOT NULL,
  ADD COLUMN instruction_histogram bytea NOT NULL;
CREATE INDEX usage_deltas_tenant_id_minute_idx ON usage_deltas (tenant_id, minute);

CREATE TABLE execution_minutes (
  tenant_id text NOT NULL,
  minute timestamptz(3) NOT NULL,
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
  CONSTRAINT execution_minutes_pkey PRIMARY KEY (tenant_id, minute, function_id, version_id, kind, outcome)
) PARTITION BY RANGE (minute);
CREATE TABLE execution_minutes_default PARTITION OF execution_minutes DEFAULT;

CREATE TABLE execution_hours (
  tenant_id text NOT NULL,
  hour timestamptz(3) NOT NULL,
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
  CONSTRAINT execution_hours_pkey PRIMARY KEY (tenant_id, hour, function_id, version_id, kind, outcome)
);

-- Hours before this one are added up in execution_hours. One row; it says nothing about any tenant.
CREATE TABLE closed_hours (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  until timestamptz(3) NOT NULL
);
INSERT INTO closed_hours (until) VALUES (date_trunc('hour', now()));

ALTER TABLE execution_minutes ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution_minutes FORCE ROW LEVEL SECURITY;
ALTER TABLE execution_minutes_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution_minutes_default FORCE ROW LEVEL SECURITY;
ALTER TABLE execution_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution_hours FORCE ROW LEVEL SECURITY;
ALTER TABLE closed_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE closed_hours FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON execution_minutes FOR SELECT TO tenon_app USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY own_tenant ON execution_hours FOR SELECT TO tenon_app USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY everyone_reads ON closed_hours FOR SELECT TO tenon_app USING (true);
CREATE POLICY roll_up_adds ON execution_minutes TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY roll_up_adds ON execution_hours TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY roll_up_moves ON closed_hours TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT ON execution_minutes, execution_hours, closed_hours TO tenon_app;
SELECT tenant_owns('execution_minutes'), tenant_owns('execution_hours');

-- Lists of failures and searches in logs read the rows that can match and no others. Both indexes leave most rows out.
CREATE INDEX executions_failures_idx ON executions (tenant_id, id) WHERE outcome <> 'succeeded';
CREATE INDEX executions_logs_idx ON executions (tenant_id, id) WHERE log <> '';

-- One roll-up at a time: folding late deltas and closing an hour must not pass each other by.
DROP FUNCTION roll_up_usage(integer);
CREATE FUNCTION take_usage_deltas(rows_max integer, settled_ms integer) RETURNS SETOF usage_deltas
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('tenon.roll_up', 0)) THEN
    RETURN;
  END IF;
  RETURN QUERY
    DELETE FROM public.usage_deltas AS d
      WHERE d.id = ANY (ARRAY(
        SELECT u.id FROM public.usage_deltas AS u
          WHERE u.minute < date_trunc('minute', now() - settled_ms * interval '1 millisecond')
          ORDER BY u.id LIMIT least(greatest(rows_max, 0), 100000)))
      RETURNING d.*;
END
$$;

-- Adds what was taken, in the same transaction. Minutes of a closed hour go to that hour as well.
CREATE FUNCTION add_usage(hours json, minutes json) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO public.usage_hours AS h
    SELECT u.* FROM json_populate_recordset(NULL::public.usage_hours, hours) AS u
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
    SELECT u.tenant_id, date_trunc('hour', u.minute) AS hour, u.function_id, u.version_id, u.kind, u.outcome,
           sum(u.executions), sum(u.instructions), min(u.instructions_min), max(u.instructions_max),
           sum(u.wall_us), min(u.wall_us_min), max(u.wall_us_max),
           string_agg(u.wall_histogram, ''), string_agg(u.instruction_histogram, '')
      FROM json_populate_recordset(NULL::public.execution_minutes, minutes) AS u
      WHERE u.minute < (SELECT c.until FROM public.closed_hours AS c)
      GROUP BY 1, 2, 3, 4, 5, 6
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
END
$$;

-- The oldest hour that is over for `settled_ms` and not closed, or null: then there is nothing to do, or somebody else
-- does it. Hours without a run are passed over at once.
CREATE FUNCTION next_hour_to_close(settled_ms integer) RETURNS timestamptz
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  open_from timestamptz;
  first_run timestamptz;
  closable timestamptz := date_trunc('hour', now() - settled_ms * interval '1 millisecond');
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('tenon.roll_up', 0)) THEN
    RETURN NULL;
  END IF;
  SELECT c.until INTO open_from FROM public.closed_hours AS c;
  IF open_from >= closable THEN
    RETURN NULL;
  END IF;
  SELECT date_trunc('hour', min(m.minute)) INTO first_run FROM public.execution_minutes AS m
    WHERE m.minute >= open_from AND m.minute < closable;
  IF first_run IS NULL OR first_run > open_from THEN
    UPDATE public.closed_hours SET until = coalesce(first_run, closable);
  END IF;
  RETURN first_run;
END
$$;

CREATE FUNCTION minutes_of_hour(wanted timestamptz) RETURNS SETOF execution_minutes
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT * FROM public.execution_minutes AS m
    WHERE m.minute >= date_trunc('hour', wanted) AND m.minute < date_trunc('hour', wanted) + interval '1 hour'
    ORDER BY m.tenant_id, m.function_id, m.version_id, m.kind, m.outcome
$$;

CREATE FUNCTION add_execution_hours(hours json) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO public.execution_hours SELECT u.* FROM json_populate_recordset(NULL::public.execution_hours, hours) AS u
$$;

CREATE FUNCTION close_hour(wanted timestamptz) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE public.closed_hours SET until = date_trunc('hour', wanted) + interval '1 hour'
    WHERE until = date_trunc('hour', wanted)
$$;

-- Daily partitions of the minutes from yesterday to `days_ahead` days from now; those from more than `days_kept` days
-- ago go, and with them hours of more than `days_hours_kept` days ago. Says how many partitions were made.
CREATE FUNCTION keep_statistics(days_ahead integer, days_kept integer, days_hours_kept integer) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
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
  DELETE FROM public.execution_minutes_default AS m WHERE m.minute < (today - greatest(days_kept, 1))::timestamptz;
  DELETE FROM public.execution_hours AS h WHERE h.hour < (today - greatest(days_hours_kept, 1))::timestamptz;
  RETURN made;
END
$$;

REVOKE ALL ON FUNCTION take_usage_deltas(integer, integer), add_usage(json, json), next_hour_to_close(integer),
  minutes_of_hour(timestamptz), add_execution_hours(json), close_hour(timestamptz),
  keep_statistics(integer, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_usage_deltas(integer, integer), add_usage(json, json), next_hour_to_close(integer),
  minutes_of_hour(timestamptz), add_execution_hours(json), close_hour(timestamptz),
  keep_statistics(integer, integer, integer) TO tenon_scheduler;

SELECT keep_statistics(7, 14, 400);
