-- Lists jobs whose lease has run out, and gives whoever asks one more lease's time to find out what became of them.
-- ARGV: jobs at most, lease in ms.
-- Returns job, tenant and events (26 characters each, joined) for each.
local limit, leaseMs = tonumber(ARGV[1]), tonumber(ARGV[2])
local leaseEnd = nowMs + leaseMs

-- A lease that ends later than a new one was given before the clock was set back.
local tooLate = redis.call('ZRANGE', leasesKey, '(' .. leaseEnd, '+inf', 'BYSCORE', 'LIMIT', 0, limit)
for _, job in ipairs(tooLate) do redis.call('ZADD', leasesKey, leaseEnd, job) end

local batches = {}
for _, job in ipairs(redis.call('ZRANGE', leasesKey, '-inf', nowMs, 'BYSCORE', 'LIMIT', 0, limit)) do
  local record = redis.call('HMGET', jobKey(job), 'tenant', 'events')
  if record[1] then
    redis.call('ZADD', leasesKey, leaseEnd, job)
    batches[#batches + 1] = job
    batches[#batches + 1] = record[1]
    batches[#batches + 1] = record[2]
  else
    redis.call('ZREM', leasesKey, job)
  end
end
return batches
