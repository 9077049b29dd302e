-- Removes what is kept about a tenant; it is read from Postgres again when somebody asks.
-- ARGV: tenant.
redis.call('DEL', sharesKey)
return redis.call('UNLINK', tenantKey(ARGV[1]))
