-- Which functions are live for a tenant is asked for every batch of its events and changes rarely. So it is kept in
-- memory under a number that moves with every change, in the transaction of the change; whoever reads events reads the
-- number with them. A change that was committed before an event was sent is therefore seen by that event's run.

-- `scope` is a tenant's id, or `*` for what concerns all of them.
CREATE TABLE live_generations (
  scope text PRIMARY KEY,
  generation bigint NOT NULL
);
INSERT INTO live_generations VALUES ('*', 1);
ALTER TABLE live_generations ENABLE ROW LEVEL SECURITY;
ALTER TABLE live_generations FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant_and_all ON live_generations FOR SELECT TO tenon_app
  USING (scope IN ('*', (SELECT current_tenant_id())));
CREATE POLICY changes_move ON live_generations TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT ON live_generations TO tenon_app;

-- The number that a tenant's batch carries; null outside of a tenant.
CREATE FUNCTION live_generation(tenant text) RETURNS text
  LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
  SELECT string_agg(g.generation::text, '.' ORDER BY g.scope) FROM live_generations AS g WHERE g.scope IN ('*', tenant)
$$;

CREATE FUNCTION move_live_generation() RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  changed text := '*';
BEGIN
  IF TG_TABLE_NAME IN ('functions', 'versions') THEN
    changed := CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
  ELSIF TG_TABLE_NAME = 'tenants' THEN
    changed := NEW.id;
  END IF;
  INSERT INTO public.live_generations AS g (scope, generation) VALUES (changed, 1)
    ON CONFLICT (scope) DO UPDATE SET generation = g.generation + 1;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION move_live_generation(), live_generation(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION live_generation(text) TO tenon_app;

CREATE TRIGGER functions_move_generation AFTER INSERT OR UPDATE OR DELETE ON functions
  FOR EACH ROW EXECUTE FUNCTION move_live_generation();
CREATE TRIGGER versions_move_generation AFTER UPDATE OR DELETE ON versions
  FOR EACH ROW EXECUTE FUNCTION move_live_generation();
CREATE TRIGGER tenants_move_generation AFTER UPDATE ON tenants
  FOR EACH ROW EXECUTE FUNCTION move_live_generation();
CREATE TRIGGER plans_move_generation AFTER UPDATE ON plans
  FOR EACH ROW EXECUTE FUNCTION move_live_generation();
CREATE TRIGGER extension_points_move_generation AFTER INSERT OR UPDATE OR DELETE ON extension_points
  FOR EACH ROW EXECUTE FUNCTION move_live_generation();
