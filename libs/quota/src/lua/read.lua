-- Where a tenant stands.
-- ARGV: root of the fair queue's keys, tenant.
-- Returns name, limit, used and the ms until the count starts again (-1: it does not) of each quota; nothing where Redis
-- does not know the tenant. Stored bytes are not counted here: their use is 0.
local fields = hashOf(tenantKey(ARGV[2]))
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
add('concurrent_executions', limits.concurrentExecutionsMax, redis.call('SCARD', ARGV[1] .. ':taken:' .. ARGV[2]), -1)
add('stored_bytes', limits.storedBytesMax, 0, -1)
return states
