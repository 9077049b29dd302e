-- Where a tenant stands.
-- ARGV: tenant.
-- Returns name, limit, used and the ms until the count starts again (-1: it does not) of each quota that is counted
-- here; nothing where Redis does not know the tenant.
local fields = hashOf(tenantKey(ARGV[1]))
local limits = limitsOf(fields)
if not limits then return {} end
rollWindows(fields)
local states = {}
local function add(name, limit, used, resetMs)
  for _, part in ipairs({ name, string.format('%.17g', limit), string.format('%.17g', used), math.ceil(resetMs) }) do
    states[#states + 1] = part
  end
end
local _, left, resetMs = takeRequests(fields.tat, 0, limits.requestsPerSecond, limits.requestsBurst)
add('requests', limits.requestsBurst, limits.requestsBurst - left, resetMs)
for _, budget in ipairs(budgetsOf(fields, limits)) do add(budget[1], budget[2], budget[3], budget[5] - nowMs) end
add('events_waiting', limits.eventsWaitingMax, fields.pending, -1)
return states
