-- Writes what Postgres says about a tenant.
-- ARGV: tenant, plan, executions and instructions of the month, the month's first ms, events pending, then pairs of the
--       plan's limits.
local tenant, plan = ARGV[1], ARGV[2]
local values = { 'plan', plan, 'at', nowMs, 'pending', ARGV[6] }
-- The month may have turned between the question and now.
if monthAt(tonumber(ARGV[5])) == monthIndex then
  for _, value in ipairs({ 'month', monthIndex, 'monthExecutions', ARGV[3], 'monthInstructions', ARGV[4] }) do
    values[#values + 1] = value
  end
end
redis.call('HSET', tenantKey(tenant), unpack(values))
redis.call('HSET', planKey(plan), unpack(ARGV, 7))
return redis.status_reply('OK')
