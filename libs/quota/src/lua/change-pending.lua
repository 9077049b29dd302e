-- Counts events that began to wait, or stopped waiting, without an admission or a report.
-- ARGV: tenant, change.
local pending = tonumber(redis.call('HGET', tenantKey(ARGV[1]), 'pending'))
if pending then redis.call('HSET', tenantKey(ARGV[1]), 'pending', math.max(0, pending + tonumber(ARGV[2]))) end
return redis.status_reply('OK')
