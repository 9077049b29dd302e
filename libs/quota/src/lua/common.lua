-- Shared by every script of the quotas; it stands in front of each of them.
--
-- KEYS[1] is the root of all keys. What the keys below it hold:
--   plan:<name>     hash    the limits of a plan, by their names in libs/contracts
--   tenant:<id>     hash    plan; at: when Postgres was asked last, in ms
--                           tat: when all of its burst is there again, in ms
--                           pending: events admitted and not finished
--                           minute, month: which ones the counts are for
--                           minuteExecutions, minuteInstructions, monthExecutions, monthInstructions
--                           eventExecutions, eventInstructions: what an event, or a synchronous run, took so far, on
--                           average
--                           warned:<quota>: the window for which a warning was given
--   key:<id>        string  the same as tat, for one key; gone when its burst is there again
--   shares          string there while the fair queue knows the shares of all tenants
--
-- Keys are made from the root and carry its hash tag, so they share a slot. All counts can be made again from Postgres.

local root = KEYS[1]
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + time[2] / 1000

local minuteMs, dayMs = 60000, 86400000
local warningShare = 0.8
-- Taken for what an event takes where a tenant has no history.
local executionsGuess, instructionsGuess = 1, 100000

local sharesKey = root .. ':shares'
local function planKey(name) return root .. ':plan:' .. name end
local function tenantKey(tenant) return root .. ':tenant:' .. tenant end
local function keyKey(key) return root .. ':key:' .. key end

-- Days since 1970 of the first day of a month, by the civil calendar of UTC; months are counted from January of year 0.
local function daysBefore(monthIndex)
  local year, month = math.floor(monthIndex / 12), monthIndex % 12 + 1
  if month <= 2 then year = year - 1 end
  local era = math.floor(year / 400)
  local yearOfEra = year - era * 400
  local dayOfYear = math.floor((153 * ((month + 9) % 12) + 2) / 5)
  return era * 146097 + yearOfEra * 365 + math.floor(yearOfEra / 4) - math.floor(yearOfEra / 100) + dayOfYear - 719468
end

-- A month is 28 to 31 days, so a guess from the mean length is right or one off.
local function monthAt(ms)
  local day = math.floor(ms / dayMs)
  local index = math.floor((day + 719528) / 365.2425 * 12)
  while daysBefore(index) > day do index = index - 1 end
  while daysBefore(index + 1) <= day do index = index + 1 end
  return index
end

local minuteIndex = math.floor(nowMs / minuteMs)
local monthIndex = monthAt(nowMs)
local minuteEndMs, monthEndMs = (minuteIndex + 1) * minuteMs, daysBefore(monthIndex + 1) * dayMs

local function hashOf(key)
  local flat, fields = redis.call('HGETALL', key), {}
  -- A plan may be named like a number.
  for index = 1, #flat, 2 do
    local name, value = flat[index], flat[index + 1]
    fields[name] = name == 'plan' and value or tonumber(value)
  end
  return fields
end

local plans = {}

-- The limits of a tenant's plan, or nil where Redis does not know them.
local function limitsOf(fields)
  local name = fields.plan
  if not name then return nil end
  if not plans[name] then plans[name] = hashOf(planKey(name)) end
  if plans[name].requestsPerSecond == nil then return nil end
  return plans[name]
end

-- Counts of a window that is over are nothing.
local function rollWindows(fields)
  if fields.minute ~= minuteIndex then
    fields.minute, fields.minuteExecutions, fields.minuteInstructions = minuteIndex, 0, 0
  end
  if fields.month ~= monthIndex then
    fields.month, fields.monthExecutions, fields.monthInstructions = monthIndex, 0, 0
  end
  for _, name in ipairs({ 'minuteExecutions', 'minuteInstructions', 'monthExecutions', 'monthInstructions', 'pending' }) do
    fields[name] = fields[name] or 0
  end
end

local function perEvent(fields)
  return fields.eventExecutions or executionsGuess, fields.eventInstructions or instructionsGuess
end

-- The budgets that events are held for: name, limit, what is used, what one more event takes, when the window ends.
local function budgetsOf(fields, limits)
  local executions, instructions = perEvent(fields)
  return {
    { 'executions_per_minute', limits.executionsPerMinute, fields.minuteExecutions, executions, minuteEndMs, minuteIndex },
    { 'executions_per_month', limits.executionsPerMonth, fields.monthExecutions, executions, monthEndMs, monthIndex },
    { 'instructions_per_minute', limits.instructionsPerMinute, fields.minuteInstructions, instructions, minuteEndMs, minuteIndex },
    { 'instructions_per_month', limits.instructionsPerMonth, fields.monthInstructions, instructions, monthEndMs, monthIndex },
  }
end

-- Takes up to `count` requests out of a burst that refills steadily (GCRA: one number says how full it is); fewer than
-- none give some back that were taken before.
-- Returns how many were taken, how many are left, ms until the burst is whole, and ms until the next one is there.
local function takeRequests(tat, count, perSecond, burst)
  local stepMs = 1000 / perSecond
  local fullMs = burst * stepMs
  -- A time further ahead than an empty burst was written before the clock was set back.
  tat = math.min(math.max(tat or 0, nowMs), nowMs + fullMs)
  -- A hundredth of a request forgives the rounding of sums.
  local free = math.floor((nowMs + fullMs - tat) / stepMs + 0.01)
  local taken = math.min(count, free)
  tat = math.max(nowMs, tat + taken * stepMs)
  return taken, free - taken, tat - nowMs, math.max(0, tat + stepMs - nowMs - fullMs), tat
end
