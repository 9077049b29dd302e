-- Runs whose caller waits ask for the numbers of many tenants at once, so that what they find in memory is never older
-- than the request. A number says nothing about a tenant but that something of it changed.
CREATE FUNCTION live_generations_of(tenants text[]) RETURNS TABLE (tenant text, generation text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.id, string_agg(g.generation::text, '.' ORDER BY g.scope)
    FROM unnest(tenants) AS t(id) JOIN public.live_generations AS g ON g.scope IN ('*', t.id)
    GROUP BY t.id
$$;
REVOKE ALL ON FUNCTION live_generations_of(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION live_generations_of(text[]) TO tenon_app;
