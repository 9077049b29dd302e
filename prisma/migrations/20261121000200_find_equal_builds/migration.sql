-- The same bytes are built once per engine: a build first looks for an equal one that is ready.
CREATE INDEX versions_tenant_id_sha256_idx ON versions (tenant_id, sha256);
