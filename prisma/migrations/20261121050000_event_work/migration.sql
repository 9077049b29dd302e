-- Events become immutable: a row is written once, with its commit as the acknowledgement, and goes by age. What is left
-- to do with an event is a narrow row of its own, which is deleted when the event is recorded. Nothing about the hot
-- path updates a wide row, and nobody claims events in Postgres: their order is decided in Redis and can be made again
-- from here.

CREATE TABLE event_work (
  id text COLLATE "C" PRIMARY KEY,
  tenant_id text NOT NULL,
  -- ready: waits for its turn, or runs. held: waits to be released. dead: was tried as often as it may be.
  status text NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'held', 'dead')),
  -- Why it is held, delayed or dead.
  reason text,
  -- Attempts that were recorded, and failures of ours since the last of them.
  attempts integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  priority smallint NOT NULL DEFAULT 5 CHECK (priority BETWEEN 0 AND 9),
  not_before timestamptz(3),
  -- What is left of an event of which a part was recorded; null for all of it.
  todo jsonb,
  changed_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000,
        autovacuum_analyze_threshold = 5000);
-- Rows on their way need no index but the first; held and dead ones are few and are listed.
CREATE INDEX event_work_listed_idx ON event_work (tenant_id, status, id) WHERE status <> 'ready';

-- How an event ended that ended without an execution.
CREATE TABLE event_endings (
  tenant_id text NOT NULL,
  id text COLLATE "C" NOT NULL,
  ending text NOT NULL CHECK (ending IN ('done', 'cancelled', 'discarded')),
  note text,
  at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT event_endings_pkey PRIMARY KEY (tenant_id, id)
);

INSERT INTO event_work (id, tenant_id, status, reason)
  SELECT id, tenant_id, CASE status WHEN 'held' THEN 'held' ELSE 'ready' END, CASE status WHEN 'held' THEN note END
    FROM events WHERE status <> 'done';
INSERT INTO event_endings (tenant_id, id, ending, note, at)
  SELECT tenant_id, id, 'done', note, coalesce(done_at, accepted_at) FROM events WHERE status = 'done' AND note IS NOT NULL;

DROP INDEX events_ready_idx;
DROP INDEX events_queued_idx;
DROP INDEX events_tenant_id_id_idx;
DROP POLICY outbox ON events;
DROP POLICY outbox_reads ON events;
DROP POLICY outbox_ticks ON events;
REVOKE ALL ON events FROM tenon_scheduler, tenon_recorder;
REVOKE UPDATE ON events FROM tenon_app;
ALTER TABLE events
  DROP COLUMN status, DROP COLUMN note, DROP COLUMN attempts, DROP COLUMN queued_at, DROP COLUMN lease_until,
  DROP COLUMN done_at;
ALTER TABLE events DROP CONSTRAINT events_pkey;
ALTER TABLE events ADD CONSTRAINT events_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE events RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);

ALTER TABLE event_work ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_work FORCE ROW LEVEL SECURITY;
ALTER TABLE event_endings ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_endings FORCE ROW LEVEL SECURITY;

CREATE POLICY own_tenant ON event_work TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY recorded ON event_work FOR SELECT TO tenon_recorder USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY recorded_goes ON event_work FOR DELETE TO tenon_recorder USING (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY recorded_comes_again ON event_work FOR UPDATE TO tenon_recorder
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY sweep ON event_work FOR SELECT TO tenon_scheduler USING (true);
GRANT SELECT, INSERT, DELETE ON event_work TO tenon_app;
GRANT UPDATE (status, reason, attempts, failures, priority, not_before, todo, changed_at) ON event_work TO tenon_app;
GRANT SELECT (id, tenant_id, status, attempts), DELETE ON event_work TO tenon_recorder;
GRANT UPDATE (status, reason, attempts, failures, not_before, todo, changed_at) ON event_work TO tenon_recorder;
GRANT SELECT (id, tenant_id, status, priority, not_before, changed_at) ON event_work TO tenon_scheduler;

CREATE POLICY own_tenant ON event_endings TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
CREATE POLICY record ON event_endings FOR INSERT TO tenon_recorder WITH CHECK (tenant_id = (SELECT current_tenant_id()));
GRANT SELECT, INSERT ON event_endings TO tenon_app;
GRANT INSERT ON event_endings TO tenon_recorder;

SELECT tenant_owns('event_work'), tenant_owns('event_endings');

-- Keeps events of one tenant in one round trip and one commit, and says which of them were new. Rows come in the order
-- of their keys, so that two calls with the same events wait for each other instead of locking each other out.
CREATE FUNCTION accept_events(tenant text, given json) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp
AS $$
BEGIN
  PERFORM set_config('app.tenant_id', tenant, true);
  RETURN QUERY
    WITH rows AS MATERIALIZED (
      SELECT * FROM json_to_recordset(given) AS e(id text, source text, "sourceEventId" text, type text, subject text,
        "time" timestamptz, data text, origin text, held text, priority smallint, "notBefore" timestamptz)
    ), kept AS (
      INSERT INTO events (id, tenant_id, source, source_event_id, type, subject, "time", data, origin)
        SELECT r.id, tenant, r.source, r."sourceEventId", r.type, r.subject, r."time", r.data, r.origin FROM rows AS r
        ON CONFLICT (tenant_id, source, source_event_id) DO NOTHING
        RETURNING events.id
    ), work AS (
      INSERT INTO event_work (id, tenant_id, status, reason, priority, not_before)
        SELECT r.id, tenant, CASE WHEN r.held IS NULL THEN 'ready' ELSE 'held' END, r.held, coalesce(r.priority, 5),
               r."notBefore"
          FROM rows AS r JOIN kept AS k ON k.id = r.id
    )
    SELECT k.id FROM kept AS k;
END
$$;
REVOKE ALL ON FUNCTION accept_events(text, json) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accept_events(text, json) TO tenon_app;
