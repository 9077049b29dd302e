-- Whether a tenant's functions share sandbox processes with those of others, or have processes of their own.
ALTER TABLE plans ADD COLUMN isolation text NOT NULL DEFAULT 'shared' CHECK (isolation IN ('shared', 'dedicated'));
