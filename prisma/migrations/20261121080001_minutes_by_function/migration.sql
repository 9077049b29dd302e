-- Hours say which functions had runs of a kind; their minutes are then found without reading those of all others.
CREATE INDEX execution_minutes_function_idx
  ON execution_minutes (tenant_id, function_id, version_id, kind, outcome, minute);
