-- Removes what is kept about a tenant; jobs in hand stay until they are settled.
-- ARGV: tenant.
local tenant = ARGV[1]
local waiting = redis.call('ZCARD', readyKey(tenant)) + redis.call('ZCARD', laterKey(tenant))
redis.call('UNLINK', readyKey(tenant), laterKey(tenant), tenantKey(tenant))
redis.call('ZREM', lineKey, tenant)
redis.call('SREM', fullKey, tenant)
redis.call('ZREM', dueKey, tenant)
if waiting > 0 then redis.call('HINCRBY', stateKey, 'waiting', -waiting) end
return redis.status_reply('OK')
