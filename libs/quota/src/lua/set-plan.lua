-- Changes the limits of a plan, for all of its tenants at once.
-- ARGV: plan, then pairs of its limits.
redis.call('HSET', planKey(ARGV[1]), unpack(ARGV, 2))
redis.call('DEL', sharesKey)
return redis.status_reply('OK')
