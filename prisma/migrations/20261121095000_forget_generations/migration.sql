-- A tenant that is gone has no functions that could change; its number would be the last row that names it.
CREATE FUNCTION forget_live_generation() RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM public.live_generations AS g WHERE g.scope = OLD.id;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION forget_live_generation() FROM PUBLIC;
CREATE TRIGGER tenants_forget_generation AFTER DELETE ON tenants
  FOR EACH ROW EXECUTE FUNCTION forget_live_generation();
