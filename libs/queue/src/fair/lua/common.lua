-- Shared by every script of the fair queue; it stands in front of each of them.
--
-- KEYS[1] is the root of all keys of the queue. What the keys below it hold:
--   state           hash   clock: the start tag of the batch that was picked last; waiting, inHand: counts of events
--   line            zset   tenant -> start tag; tenants with events in line and a free place under their cap
--   full            set    tenants with events in line whose cap is reached
--   due             zset   tenant -> when its first delayed event is due, in ms
--   leases          zset   job -> when its lease ends, in ms
--   tenant:<id>     hash   tag, weight, cap, cost: start tag, share, events in hand at most, cost of an event so far
--   ready:<tenant>  zset   event -> place: when it came, in ms, and what its priority adds
--   later:<tenant>  zset   event -> order: when it is due, in ms, times ten, plus nine minus its priority
--   taken:<tenant>  set    events in hand
--   job:<id>        hash   tenant, events, charge, weight: what a job carries and what was charged for it
--
-- Keys are made from the root, because only the state says which tenants a script will touch. All of them carry the
-- root's hash tag, so they share a slot. No script does more work than its arguments say.

local root = KEYS[1]
local stateKey, lineKey, fullKey = root .. ':state', root .. ':line', root .. ':full'
local dueKey, leasesKey = root .. ':due', root .. ':leases'

-- An event id is a ULID of 26 characters here; its prefix is added outside.
local idLength = 26

local function tenantKey(tenant) return root .. ':tenant:' .. tenant end
local function readyKey(tenant) return root .. ':ready:' .. tenant end
local function laterKey(tenant) return root .. ':later:' .. tenant end
local function takenKey(tenant) return root .. ':taken:' .. tenant end
local function jobKey(job) return root .. ':job:' .. job end

local function readClock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local nowMs = readClock()

local function virtualClock()
  return tonumber(redis.call('HGET', stateKey, 'clock')) or 0
end

-- A lower priority lines up as if it had come later by `agingMs` for each step, so it is overtaken for a bounded time.
-- A time in the future counts as now: a sender whose clock is ahead must not wait for ours to catch up.
local function placeOf(order, agingMs)
  return math.min(math.floor(order / 10), nowMs) + (order % 10) * agingMs
end

-- Puts a tenant where it belongs. One that comes back after a pause starts at the clock: it is next, and what it left
-- unused meanwhile is gone.
local function lineUp(tenant)
  if redis.call('ZCARD', readyKey(tenant)) == 0 then
    redis.call('ZREM', lineKey, tenant)
    redis.call('SREM', fullKey, tenant)
    return
  end
  local fields = redis.call('HMGET', tenantKey(tenant), 'tag', 'cap')
  local cap = tonumber(fields[2])
  if cap and redis.call('SCARD', takenKey(tenant)) >= cap then
    redis.call('ZREM', lineKey, tenant)
    redis.call('SADD', fullKey, tenant)
    return
  end
  redis.call('SREM', fullKey, tenant)
  if redis.call('ZSCORE', lineKey, tenant) then return end
  local tag = math.max(tonumber(fields[1]) or 0, virtualClock())
  redis.call('HSET', tenantKey(tenant), 'tag', tag)
  redis.call('ZADD', lineKey, tag, tenant)
end

-- When the first delayed event of a tenant is due.
local function setDue(tenant)
  local first = redis.call('ZRANGE', laterKey(tenant), 0, 0, 'WITHSCORES')
  if first[1] then
    redis.call('ZADD', dueKey, math.floor(first[2] / 10), tenant)
  else
    redis.call('ZREM', dueKey, tenant)
  end
end

local function unpackIds(packed)
  local ids, count = {}, 0
  for at = 1, #packed, idLength do
    count = count + 1
    ids[count] = string.sub(packed, at, at + idLength - 1)
  end
  return ids
end

-- Adds those events that the tenant has nowhere yet. They come as `count` pairs at ARGV[first] of an order and the
-- joined ids of all events that have it: events that come together mostly have one, and to write a score as text costs
-- as much as to add the event.
local function addPairs(tenant, first, count, toKey, otherKey, scoreOf)
  if count == 0 then return 0 end
  local isTaken = redis.call('EXISTS', takenKey(tenant)) == 1
  local isOther = redis.call('EXISTS', otherKey) == 1
  local new, size = {}, 0
  for at = first, first + 2 * count - 2, 2 do
    local ids = unpackIds(ARGV[at + 1])
    local score = string.format('%.17g', scoreOf(tonumber(ARGV[at])))
    local taken = isTaken and redis.call('SMISMEMBER', takenKey(tenant), unpack(ids))
    local other = isOther and redis.call('ZMSCORE', otherKey, unpack(ids))
    for index, id in ipairs(ids) do
      if not (taken and taken[index] == 1) and not (other and other[index]) then
        new[size + 1], new[size + 2] = score, id
        size = size + 2
      end
    end
  end
  if size == 0 then return 0 end
  return redis.call('ZADD', toKey, 'NX', unpack(new, 1, size))
end

-- Reads one group at ARGV[at]: tenant, how many pairs there are of ready events and how many of delayed ones, then the
-- pairs, see addPairs.
-- Returns where the next group begins, how many events were new, and whether they make the tenant a newcomer: one that
-- had nothing in line or in hand.
local function offerGroup(at, agingMs)
  local tenant, ready, later = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local hadNothing = redis.call('EXISTS', takenKey(tenant), readyKey(tenant)) == 0
  local added = addPairs(tenant, at + 3, ready, readyKey(tenant), laterKey(tenant), function(order)
    return placeOf(order, agingMs)
  end)
  if added > 0 then lineUp(tenant) end
  local delayed = addPairs(tenant, at + 3 + 2 * ready, later, laterKey(tenant), readyKey(tenant), function(order)
    return order
  end)
  if delayed > 0 then setDue(tenant) end
  if added + delayed > 0 then redis.call('HINCRBY', stateKey, 'waiting', added + delayed) end
  return at + 3 + 2 * (ready + later), added + delayed, hadNothing and added > 0
end

-- Returns how many events were new, and whether any tenant is a newcomer.
local function offerGroups(at, agingMs)
  local new, anyNewcomer = 0, false
  while at <= #ARGV do
    local added, isNewcomer
    at, added, isNewcomer = offerGroup(at, agingMs)
    new = new + added
    anyNewcomer = anyNewcomer or isNewcomer
  end
  return new, anyNewcomer
end
