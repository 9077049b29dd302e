-- Gives jobs a new lease; one that is settled stays settled.
-- ARGV: lease in ms, then jobs.
for index = 2, #ARGV do redis.call('ZADD', leasesKey, 'XX', nowMs + tonumber(ARGV[1]), ARGV[index]) end
return redis.status_reply('OK')
