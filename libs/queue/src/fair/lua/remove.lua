-- Takes events out of the line. Those in hand stay there: they may be running.
-- ARGV: groups of tenant, count and that many events.
-- Returns how many were taken out.
local removed, at = 0, 1
while at <= #ARGV do
  local tenant, count = ARGV[at], tonumber(ARGV[at + 1])
  local ids = { unpack(ARGV, at + 2, at + 1 + count) }
  local ready = redis.call('ZREM', readyKey(tenant), unpack(ids))
  local later = redis.call('ZREM', laterKey(tenant), unpack(ids))
  if ready > 0 then lineUp(tenant) end
  if later > 0 then setDue(tenant) end
  removed = removed + ready + later
  at = at + 2 + count
end
if removed > 0 then redis.call('HINCRBY', stateKey, 'waiting', -removed) end
return removed
