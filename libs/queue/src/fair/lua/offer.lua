-- Puts events in line; one that the tenant has already, waiting or in hand, stays as it is.
-- ARGV: aging in ms per step of priority; a channel whose listeners dispatch; then groups, see offerGroup.
-- Tells the channel in the same round trip, and only where something is new: who dispatches would find nothing else.
-- `newcomer` says that a tenant is among them that had nothing in line or in hand.
local new, anyNewcomer = offerGroups(3, tonumber(ARGV[1]))
if new > 0 then redis.call('PUBLISH', ARGV[2], anyNewcomer and 'newcomer' or 'more') end
return redis.status_reply('OK')
