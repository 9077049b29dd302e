-- Counts requests against their tenant and their key.
-- ARGV: recheck age in ms; the operators' rate and burst; then groups of tenant (empty for an operator), key (empty for
--       none), requests.
-- Returns for each group: 1, how many are admitted; the tenant's limit, left, reset in ms, window in ms; the same four
-- for the key; ms until the next request can be admitted; 1 where Postgres should be asked again. Or 0 and ten zeros
-- where Redis does not know the tenant.
local recheckMs, operatorRate, operatorBurst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local answers = {}

local function add(...)
  for _, value in ipairs({ ... }) do answers[#answers + 1] = value end
end

local function windowMs(rate, burst) return math.ceil(burst * 1000 / rate) end

local function admit(tenant, key, count)
  local fields, limits, stale = {}, nil, 0
  if tenant ~= '' then
    local found = redis.call('HMGET', tenantKey(tenant), 'plan', 'at', 'tat')
    fields = { plan = found[1], at = tonumber(found[2]), tat = tonumber(found[3]) }
    limits = fields.plan and limitsOf(fields)
    if not limits then return add(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) end
    if nowMs - (fields.at or 0) >= recheckMs then
      stale = 1
      -- One asker is enough.
      redis.call('HSET', tenantKey(tenant), 'at', nowMs)
    end
  end
  local keyRate = limits and limits.keyRequestsPerSecond or operatorRate
  local keyBurst = limits and limits.keyRequestsBurst or operatorBurst
  local keyTat = key ~= '' and tonumber(redis.call('GET', keyKey(key)) or '0') or nil
  local wanted = count
  if keyTat then wanted = takeRequests(keyTat, wanted, keyRate, keyBurst) end
  local left, resetMs, waitMs, limit, window, tat = 0, 0, 0, 0, 0, nil
  if limits then
    limit, window = limits.requestsBurst, windowMs(limits.requestsPerSecond, limits.requestsBurst)
    wanted, left, resetMs, waitMs, tat = takeRequests(fields.tat, wanted, limits.requestsPerSecond, limits.requestsBurst)
    -- Also where none is admitted: what a smaller plan or another clock wrote too far ahead must not stay there.
    if wanted > 0 or tat < (fields.tat or 0) then redis.call('HSET', tenantKey(tenant), 'tat', tat) end
  end
  local keyLeft, keyResetMs, keyWaitMs = 0, 0, 0
  if keyTat then
    local taken, newTat
    taken, keyLeft, keyResetMs, keyWaitMs, newTat = takeRequests(keyTat, wanted, keyRate, keyBurst)
    if taken > 0 or newTat < keyTat then redis.call('SET', keyKey(key), string.format('%.17g', newTat), 'PX', math.ceil(keyResetMs) + 1) end
  end
  add(1, wanted, limit, left, math.ceil(resetMs), window, keyTat and keyBurst or 0, keyLeft, math.ceil(keyResetMs),
    keyTat and windowMs(keyRate, keyBurst) or 0, math.ceil(math.max(waitMs, keyWaitMs)), stale)
end

for at = 4, #ARGV, 3 do admit(ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])) end
return answers
