-- What of the storage is still needed. Objects are named by their content, so the same one may be needed by several
-- tenants; only a question across all of them tells whether it can go.

CREATE INDEX versions_sha256_idx ON versions (sha256) WHERE archived_at IS NULL;
CREATE INDEX versions_artifact_sha256_idx ON versions (artifact_sha256) WHERE archived_at IS NULL;
CREATE INDEX executions_input_object_idx ON executions (input_sha256) WHERE input_place = 'storage';
CREATE INDEX executions_output_object_idx ON executions (output_sha256) WHERE output_place = 'storage';

-- Of the objects asked about, those that something needs. Answers with nothing but what it was asked.
CREATE FUNCTION objects_in_use(wanted text[]) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT w.sha256 FROM unnest(wanted) AS w (sha256)
    WHERE EXISTS (SELECT FROM public.versions AS v WHERE v.sha256 = w.sha256 AND v.archived_at IS NULL)
       OR EXISTS (SELECT FROM public.versions AS v WHERE v.artifact_sha256 = w.sha256 AND v.archived_at IS NULL)
       OR EXISTS (SELECT FROM public.executions AS e
                    WHERE e.input_sha256 = decode(w.sha256, 'hex') AND e.input_place = 'storage')
       OR EXISTS (SELECT FROM public.executions AS e
                    WHERE e.output_sha256 = decode(w.sha256, 'hex') AND e.output_place = 'storage')
$$;
CREATE POLICY storage_use_reads ON versions FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY storage_use_reads ON executions FOR SELECT TO CURRENT_USER USING (true);
REVOKE ALL ON FUNCTION objects_in_use(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION objects_in_use(text[]) TO tenon_scheduler;
