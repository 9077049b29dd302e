-- What a plan lets its tenants use over time. What a plan leaves out takes the default of libs/contracts.
ALTER TABLE plans ADD COLUMN quotas jsonb NOT NULL DEFAULT '{}';
