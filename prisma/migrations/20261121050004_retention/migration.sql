-- What is old goes: executions by dropping the partition of their day, events and what belongs to them by age.

-- Ids begin with the time, and rows are written in its order: a few bytes per hundred pages find the old ones.
CREATE INDEX events_id_brin_idx ON events USING brin (id) WITH (pages_per_range = 32);
CREATE INDEX event_endings_id_brin_idx ON event_endings USING brin (id) WITH (pages_per_range = 32);
CREATE INDEX point_results_event_id_brin_idx ON point_results USING brin (event_id) WITH (pages_per_range = 32);

CREATE POLICY retention_reads ON events FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY retention ON events FOR DELETE TO CURRENT_USER USING (true);
CREATE POLICY retention_reads ON event_endings FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY retention ON event_endings FOR DELETE TO CURRENT_USER USING (true);
CREATE POLICY retention_reads ON point_results FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY retention ON point_results FOR DELETE TO CURRENT_USER USING (true);
CREATE POLICY retention_reads ON event_work FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY retention_reads ON executions FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY retention ON executions FOR DELETE TO CURRENT_USER USING (true);

-- Drops the partitions of whole days that are older than `keep_days`, and up to `rows_max` rows of such days that fell
-- into the default partition. Returns the days that went.
CREATE FUNCTION drop_old_executions(keep_days integer, rows_max integer) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  oldest date := (now() AT TIME ZONE 'UTC')::date - greatest(keep_days, 1);
  partition text;
  dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tenon.execution_partitions', 0));
  FOR partition IN
    SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'public.executions'::regclass AND c.relname ~ '^executions_[0-9]{8}$'
        AND to_date(right(c.relname, 8), 'YYYYMMDD') < oldest
      ORDER BY c.relname LIMIT 100
  LOOP
    EXECUTE format('DROP TABLE public.%I', partition);
    dropped := dropped + 1;
  END LOOP;
  DELETE FROM public.executions_default WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM public.executions_default
      WHERE id < 'exe_' || public.ulid_time(oldest::timestamp AT TIME ZONE 'UTC')
      LIMIT least(greatest(rows_max, 0), 100000)));
  RETURN dropped;
END
$$;

-- Deletes up to `rows_max` events that came more than `keep_days` ago and are finished, with what belongs to them. An
-- event that is held, delayed or dead stays until somebody decides about it. Returns how many events went.
CREATE FUNCTION forget_events(keep_days integer, rows_max integer) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  before text := 'evt_' || public.ulid_time(now() - make_interval(days => greatest(keep_days, 1)));
  rows_at_once integer := least(greatest(rows_max, 0), 100000);
  gone integer;
BEGIN
  DELETE FROM public.point_results WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM public.point_results WHERE event_id < before LIMIT rows_at_once));
  DELETE FROM public.event_endings WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM public.event_endings WHERE id < before LIMIT rows_at_once));
  DELETE FROM public.events WHERE ctid = ANY (ARRAY(
    SELECT e.ctid FROM public.events AS e
      WHERE e.id < before AND NOT EXISTS (SELECT FROM public.event_work AS w WHERE w.id = e.id)
      LIMIT rows_at_once FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END
$$;

REVOKE ALL ON FUNCTION drop_old_executions(integer, integer), forget_events(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_old_executions(integer, integer), forget_events(integer, integer) TO tenon_scheduler;
