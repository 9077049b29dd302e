-- Picks batches, each for the tenant with the smallest start tag, and takes their events in hand under a lease.
-- ARGV: jobs at most, events per job at most, lease in ms, estimated cost per job at most, aging in ms,
--       then what holds for a tenant about which nothing is known: weight, cap, cost of an event; what an event
--       holds up beside its cost; events at most in all, beyond which only tenants with nothing in hand are served;
--       events per job for those.
-- Returns job, tenant and events (26 characters each, joined) for each batch.
local jobsMax, eventsMax, leaseMs, costMax = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local agingMs, weightDefault, capDefault, costDefault =
  tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local overhead, eventsRoom, newcomerEventsMax = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

-- Bounds what becomes due in one call; the next call goes on.
local dueTenantsMax, dueEventsMax = 100, 500

local function promote(tenant)
  local due = redis.call('ZRANGE', laterKey(tenant), '-inf', nowMs * 10 + 9, 'BYSCORE', 'LIMIT', 0, dueEventsMax, 'WITHSCORES')
  if #due > 0 then
    local ids, places = {}, {}
    for index = 1, #due, 2 do
      ids[#ids + 1] = due[index]
      places[#places + 1] = placeOf(tonumber(due[index + 1]), agingMs)
      places[#places + 1] = due[index]
    end
    redis.call('ZREM', laterKey(tenant), unpack(ids))
    redis.call('ZADD', readyKey(tenant), 'NX', unpack(places))
    lineUp(tenant)
  end
  setDue(tenant)
end

for _, tenant in ipairs(redis.call('ZRANGE', dueKey, '-inf', nowMs, 'BYSCORE', 'LIMIT', 0, dueTenantsMax)) do
  promote(tenant)
end

-- Made from the time, so that a Redis that lost its memory does not give a number out again.
local function nextJob()
  local time = redis.call('TIME')
  local last = tonumber(redis.call('HGET', stateKey, 'job')) or 0
  local job = math.max(last + 1, time[1] * 1000000 + time[2])
  redis.call('HSET', stateKey, 'job', job)
  return string.format('f%x', job)
end

local function take(tenant, tag, limit)
  local fields = redis.call('HMGET', tenantKey(tenant), 'weight', 'cap', 'cost')
  local weight = tonumber(fields[1]) or weightDefault
  local cap = tonumber(fields[2]) or capDefault
  local cost = tonumber(fields[3]) or costDefault
  local room = cap - redis.call('SCARD', takenKey(tenant))
  if room <= 0 then
    redis.call('ZREM', lineKey, tenant)
    redis.call('SADD', fullKey, tenant)
    return nil
  end
  local count = math.min(limit, room, math.max(1, math.floor(costMax / (cost + overhead))))
  local popped = redis.call('ZPOPMIN', readyKey(tenant), count)
  local ids = {}
  for index = 1, #popped, 2 do ids[#ids + 1] = popped[index] end
  if #ids == 0 then
    redis.call('ZREM', lineKey, tenant)
    return nil
  end
  local charge = cost * #ids
  local next = tag + charge / weight
  redis.call('HSET', tenantKey(tenant), 'tag', next)
  redis.call('SADD', takenKey(tenant), unpack(ids))
  if redis.call('EXISTS', readyKey(tenant)) == 0 then
    redis.call('ZREM', lineKey, tenant)
  elseif #ids == room then
    redis.call('ZREM', lineKey, tenant)
    redis.call('SADD', fullKey, tenant)
  else
    redis.call('ZADD', lineKey, next, tenant)
  end
  local job, events = nextJob(), table.concat(ids)
  redis.call('HSET', jobKey(job), 'tenant', tenant, 'events', events, 'charge', charge, 'weight', weight)
  redis.call('ZADD', leasesKey, nowMs + leaseMs, job)
  return job, events, #ids
end

local clock = virtualClock()
local batches, jobs, events = {}, 0, 0
-- A tenant that turns out to have no place is put aside, so each turn either gives a batch or shortens the line.
for _ = 1, 2 * jobsMax + 8 do
  if jobs >= jobsMax then break end
  local head = redis.call('ZRANGE', lineKey, 0, 0, 'WITHSCORES')
  if not head[1] then break end
  local tag, limit = tonumber(head[2]), eventsMax
  if events >= eventsRoom then
    -- Whoever is next and has nothing in hand need not wait for what others have: a little more holds nobody up.
    if redis.call('EXISTS', takenKey(head[1])) == 1 then break end
    limit = math.min(eventsMax, newcomerEventsMax)
  end
  local job, packed, count = take(head[1], tag, limit)
  if job then
    clock = math.max(clock, tag)
    jobs = jobs + 1
    events = events + count
    batches[#batches + 1] = job
    batches[#batches + 1] = head[1]
    batches[#batches + 1] = packed
  end
end
if jobs > 0 then
  redis.call('HSET', stateKey, 'clock', clock)
  redis.call('HINCRBY', stateKey, 'waiting', -events)
  redis.call('HINCRBY', stateKey, 'inHand', events)
end
return batches
