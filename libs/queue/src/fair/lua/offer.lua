-- Puts events in line; one that the tenant has already, waiting or in hand, stays as it is.
-- ARGV: aging in ms per step of priority; a channel whose listeners dispatch; then groups, see offerGroup.
-- Tells the channel in the same round trip, and only where something is new: who dispatches would find nothing else.
if offerGroups(3, tonumber(ARGV[1])) > 0 then redis.call('PUBLISH', ARGV[2], '1') end
return redis.status_reply('OK')
