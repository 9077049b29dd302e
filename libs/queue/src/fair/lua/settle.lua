-- Ends a job: frees its places, corrects what was charged, and puts back in line what must come again.
-- ARGV: aging in ms, job, tenant, cost (empty where nobody knows: then the estimate stands), least cost of an event,
--       credit at most, share of the newest job in the estimate; then groups, see offerGroup.
-- Returns 1, or 0 where the job was settled before or Redis has lost it; what must come again is in line either way.
local agingMs, job, tenant, given = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4])
local costMin, creditMax, newest = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local function correct(charge, weight, count)
  local cost = math.max(given, count * costMin)
  local fields = redis.call('HMGET', tenantKey(tenant), 'tag', 'cost')
  local known = tonumber(fields[2])
  local perEvent = cost / count
  -- The first answer replaces the guess.
  local estimate = known and known + newest * (perEvent - known) or perEvent
  -- What was charged too much comes back, but not as a claim on more than a bounded part of the past.
  local tag = math.max((tonumber(fields[1]) or 0) + (cost - charge) / weight, virtualClock() - creditMax / weight)
  redis.call('HSET', tenantKey(tenant), 'tag', tag, 'cost', estimate)
  redis.call('ZADD', lineKey, 'XX', tag, tenant)
end

local record = redis.call('HMGET', jobKey(job), 'tenant', 'events', 'charge', 'weight')
local known = record[1] == tenant
if known then
  local ids = unpackIds(record[2])
  redis.call('DEL', jobKey(job))
  redis.call('ZREM', leasesKey, job)
  redis.call('SREM', takenKey(tenant), unpack(ids))
  redis.call('HINCRBY', stateKey, 'inHand', -#ids)
  if given then correct(tonumber(record[3]), tonumber(record[4]), #ids) end
end
offerGroups(8, agingMs)
if known then lineUp(tenant) end
return known and 1 or 0
