-- Admits as many of `count` events as the budgets have room for, with what waits already counted in.
-- ARGV: tenant, events, recheck age in ms.
-- Returns 1, how many are admitted, the name of the budget that admits least, ms until its window ends (0: it has
-- none), and 1 where Postgres should be asked again. Or 0 where Redis does not know the tenant.
local tenant, count, recheckMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local fields = hashOf(tenantKey(tenant))
local limits = limitsOf(fields)
if not limits then return { 0, 0, '', 0, 0 } end
rollWindows(fields)

local room, reason, endMs = limits.eventsWaitingMax - fields.pending, 'events_waiting', nil
for _, budget in ipairs(budgetsOf(fields, limits)) do
  local name, limit, used, each, windowEndMs = unpack(budget)
  -- What an event takes is an estimate; one that takes nothing needs room for nothing.
  local fits = each > 0 and math.floor((limit - used) / each) - fields.pending or (used < limit and count or 0)
  -- One event goes where nothing was used and nothing waits: a budget smaller than the estimate of one would hold all
  -- events for ever, and the estimate could never be corrected.
  if fits < 1 and limit > 0 and used == 0 and fields.pending == 0 then fits = 1 end
  if fits < room then room, reason, endMs = fits, name, windowEndMs end
end
local admitted = math.max(0, math.min(count, room))
if admitted > 0 then redis.call('HINCRBY', tenantKey(tenant), 'pending', admitted) end

local stale = nowMs - (fields.at or 0) >= recheckMs and 1 or 0
if stale == 1 then redis.call('HSET', tenantKey(tenant), 'at', nowMs) end
return { 1, admitted, reason, endMs and math.ceil(endMs - nowMs) or 0, stale }
