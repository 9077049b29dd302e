-- A function that fails over and over is not run for a while. A row is an open circuit; a closed one has none. Moving a
-- row moves the number of what is live, so that every worker learns of it with the next batch.
CREATE TABLE function_breakers (
  tenant_id text NOT NULL,
  function_id text NOT NULL,
  -- In words, for people: which outcomes, and how many of them in a row.
  reason text NOT NULL,
  -- The version that failed: another one starts with a closed circuit.
  version_id text NOT NULL,
  -- How often it was opened without a success in between; the pause doubles with it.
  openings integer NOT NULL DEFAULT 1 CHECK (openings >= 1),
  opened_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  -- From then on one run at a time may try whether the function works again.
  probe_at timestamptz(3) NOT NULL,
  CONSTRAINT function_breakers_pkey PRIMARY KEY (tenant_id, function_id),
  CONSTRAINT function_breakers_function_fkey FOREIGN KEY (tenant_id, function_id)
    REFERENCES functions (tenant_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
ALTER TABLE function_breakers ENABLE ROW LEVEL SECURITY;
ALTER TABLE function_breakers FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON function_breakers TO tenon_app
  USING (tenant_id = (SELECT current_tenant_id())) WITH CHECK (tenant_id = (SELECT current_tenant_id()));
GRANT SELECT, INSERT, DELETE ON function_breakers TO tenon_app;
GRANT UPDATE (reason, version_id, openings, opened_at, probe_at) ON function_breakers TO tenon_app;
SELECT tenant_owns('function_breakers');

CREATE OR REPLACE FUNCTION move_live_generation() RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  changed text := '*';
BEGIN
  IF TG_TABLE_NAME IN ('functions', 'versions', 'function_breakers') THEN
    changed := CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
  ELSIF TG_TABLE_NAME = 'tenants' THEN
    changed := NEW.id;
  END IF;
  INSERT INTO public.live_generations AS g (scope, generation) VALUES (changed, 1)
    ON CONFLICT (scope) DO UPDATE SET generation = g.generation + 1;
  RETURN NULL;
END
$$;
CREATE TRIGGER function_breakers_move_generation AFTER INSERT OR UPDATE OR DELETE ON function_breakers
  FOR EACH ROW EXECUTE FUNCTION move_live_generation();
