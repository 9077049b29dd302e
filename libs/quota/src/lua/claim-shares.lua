-- Returns 1 where the fair queue has to be told about the tenants' shares: a plan or a tenant's plan changed, Redis was
-- emptied, or it was long ago. One asker gets it.
-- ARGV: how long the answer holds, in ms.
return redis.call('SET', sharesKey, 1, 'NX', 'PX', ARGV[1]) and 1 or 0
