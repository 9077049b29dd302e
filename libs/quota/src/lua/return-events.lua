-- Takes back the admission of events that were not kept after all, or ended without a run.
-- ARGV: tenant, events.
local pending = tonumber(redis.call('HGET', tenantKey(ARGV[1]), 'pending'))
if pending then redis.call('HSET', tenantKey(ARGV[1]), 'pending', math.max(0, pending - tonumber(ARGV[2]))) end
return redis.status_reply('OK')
