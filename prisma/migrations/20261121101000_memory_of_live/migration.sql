-- Which live functions begin with more memory than a point is to allow: none of their runs would start any more.
CREATE FUNCTION live_functions_beyond_memory(wanted text, memory_bytes_max bigint, rows_max integer)
  RETURNS TABLE (tenant_id text, function_name text, functions bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT f.tenant_id, f.name, count(*) OVER ()
    FROM public.functions AS f
    JOIN public.deployments AS d ON d.tenant_id = f.tenant_id AND d.id = f.live_deployment_id
    JOIN public.versions AS v ON v.tenant_id = f.tenant_id AND v.id = d.version_id
    WHERE f.extension_point = wanted AND f.archived_at IS NULL
      AND (v.report ->> 'memoryBytesInitial')::bigint > memory_bytes_max
    ORDER BY f.tenant_id, f.name LIMIT least(greatest(rows_max, 0), 1000)
$$;
CREATE POLICY contract_changes_read ON deployments FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY contract_changes_read ON versions FOR SELECT TO CURRENT_USER USING (true);
REVOKE ALL ON FUNCTION live_functions_beyond_memory(text, bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION live_functions_beyond_memory(text, bigint, integer) TO tenon_operator;
