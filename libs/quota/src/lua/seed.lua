-- Writes what Postgres says about a tenant; how many of its events are pending, the fair queue says.
-- ARGV: root of the fair queue's keys, recheck age in ms, soonest recheck in ms, tenant, plan, executions and
--       instructions of the month, the month's first ms, then pairs of the plan's limits.
local fair, recheckMs, soonMs, tenant, plan = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local pending = redis.call('ZCARD', fair .. ':ready:' .. tenant) + redis.call('ZCARD', fair .. ':later:' .. tenant)
  + redis.call('SCARD', fair .. ':taken:' .. tenant)
-- After a loss the queue may still be filling.
local known = redis.call('HEXISTS', tenantKey(tenant), 'plan') == 1
local values = { 'plan', plan, 'at', known and nowMs or nowMs - recheckMs + soonMs, 'pending', pending }
-- The month may have turned between the question and now.
if monthAt(tonumber(ARGV[8])) == monthIndex then
  for _, value in ipairs({ 'month', monthIndex, 'monthExecutions', ARGV[6], 'monthInstructions', ARGV[7] }) do
    values[#values + 1] = value
  end
end
redis.call('HSET', tenantKey(tenant), unpack(values))
redis.call('HSET', planKey(plan), unpack(ARGV, 9))
return redis.status_reply('OK')
