-- Admits as many events as the budgets have room for. Events count in the minute and in the month in which they may run
-- first: what waits for a later minute takes no room from this one.
-- ARGV: root of the fair queue's keys, tenant, recheck age in ms; then groups of when its events may run, in ms (0: now),
--       and how many they are.
-- Returns 1, 1 where Postgres should be asked again, and how many may be in hand at once; then of each group how many are
-- admitted, the name of the budget that admits least, and ms until its window ends (0: it has none). Or 0 where Redis
-- does not know the tenant.
local fair, tenant, recheckMs = ARGV[1], ARGV[2], tonumber(ARGV[3])
local fields = hashOf(tenantKey(tenant))
local limits = limitsOf(fields)
if not limits then return { 0 } end
rollWindows(fields)

-- The fair queue keeps what is delayed by when it is due, in ms, times ten, and a digit for its priority.
local laterKey = fair .. ':later:' .. tenant
local hasLater = redis.call('EXISTS', laterKey) == 1
local function dueBetween(fromMs, beforeMs)
  if not hasLater then return 0 end
  local before = beforeMs and string.format('(%.0f', beforeMs * 10) or '+inf'
  return redis.call('ZCOUNT', laterKey, string.format('%.0f', fromMs * 10), before)
end

local pendingBefore, unofferedBefore = fields.pending, nil
-- What was admitted and is not in the queue yet may be due at any time.
local function unoffered()
  if not unofferedBefore then
    local queued = redis.call('ZCARD', fair .. ':ready:' .. tenant) + redis.call('ZCARD', laterKey)
      + redis.call('SCARD', fair .. ':taken:' .. tenant)
    unofferedBefore = math.max(0, pendingBefore - queued)
  end
  return unofferedBefore
end

-- Windows of time with what waits in them, each asked for once: a call may name a thousand minutes.
local minuteNow = { endMs = minuteEndMs, isNow = true }
local monthNow = { endMs = monthEndMs, isNow = true }
local later = {}

local function laterWindow(startMs, endMs)
  local key = startMs .. '-' .. endMs
  later[key] = later[key] or { startMs = startMs, endMs = endMs, isNow = false }
  return later[key]
end

-- The minute and the month in which an event counts that may run at `dueMs`.
local function windowsOf(dueMs)
  local minute, month = minuteNow, monthNow
  if dueMs >= minuteEndMs then
    local startMs = math.floor(dueMs / minuteMs) * minuteMs
    minute = laterWindow(startMs, startMs + minuteMs)
  end
  if dueMs >= monthEndMs then
    local index = monthAt(dueMs)
    month = laterWindow(daysBefore(index) * dayMs, daysBefore(index + 1) * dayMs)
  end
  return minute, month
end

local function waitingIn(window)
  if not window.waiting then
    window.waiting = window.isNow and math.max(0, pendingBefore - dueBetween(window.endMs))
      or dueBetween(window.startMs, window.endMs) + unoffered()
  end
  return window.waiting
end

local budgets = budgetsOf(fields, limits)
local answers, admittedInAll = { 1, 0, limits.concurrentExecutionsMax }, 0

local function admit(dueMs, count)
  local minute, month = windowsOf(dueMs)
  local room, reason, endMs = limits.eventsWaitingMax - pendingBefore - admittedInAll, 'events_waiting', nil
  for index, budget in ipairs(budgets) do
    local name, limit, usedNow, each = unpack(budget)
    -- Of executions and of instructions the minute comes first, then the month.
    local window = index % 2 == 1 and minute or month
    local used = window.isNow and usedNow or 0
    local waiting = waitingIn(window)
    -- What an event takes is an estimate; one that takes nothing needs room for nothing.
    local fits = each > 0 and math.floor((limit - used) / each) - waiting or (used < limit and count or 0)
    -- One event goes where nothing was used and nothing waits: a budget smaller than the estimate of one would hold all
    -- events for ever, and the estimate could never be corrected.
    if fits < 1 and limit > 0 and used == 0 and waiting == 0 then fits = 1 end
    if fits < room then room, reason, endMs = fits, name, window.endMs end
  end
  local admitted = math.max(0, math.min(count, room))
  admittedInAll = admittedInAll + admitted
  for _, window in ipairs({ minute, month }) do window.waiting = waitingIn(window) + admitted end
  for _, part in ipairs({ admitted, reason, endMs and math.ceil(endMs - nowMs) or 0 }) do answers[#answers + 1] = part end
end

for at = 4, #ARGV, 2 do admit(math.max(nowMs, tonumber(ARGV[at])), tonumber(ARGV[at + 1])) end
if admittedInAll > 0 then redis.call('HINCRBY', tenantKey(tenant), 'pending', admittedInAll) end
if nowMs - (fields.at or 0) >= recheckMs then
  answers[2] = 1
  redis.call('HSET', tenantKey(tenant), 'at', nowMs)
end
return answers
