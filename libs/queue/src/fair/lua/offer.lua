-- Puts events in line; one that the tenant has already, waiting or in hand, stays as it is.
-- ARGV: aging in ms per step of priority; then groups, see offerGroup.
offerGroups(2, tonumber(ARGV[1]))
return redis.status_reply('OK')
