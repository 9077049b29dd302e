-- Adds what was really used, after it was committed.
-- ARGV: share of the newest report in what an event takes; then groups of tenant, events finished, runs finished that
--       were no event's (their room is given back elsewhere), executions, instructions.
-- Returns the warnings that are due: tenant, quota, used, limit and ms until the window ends, each.
local newest = tonumber(ARGV[1])
local warnings = {}

local function mean(old, new) return old and old + newest * (new - old) or new end

local function warn(tenant, fields, limits)
  for _, budget in ipairs(budgetsOf(fields, limits)) do
    local name, limit, used, _, endMs, window = unpack(budget)
    if used >= warningShare * limit and fields['warned:' .. name] ~= window then
      redis.call('HSET', tenantKey(tenant), 'warned:' .. name, window)
      for _, part in ipairs({ tenant, name, used, limit, math.ceil(endMs - nowMs) }) do
        warnings[#warnings + 1] = string.format(type(part) == 'number' and '%.17g' or '%s', part)
      end
    end
  end
end

local function report(tenant, events, runs, executions, instructions)
  local fields = hashOf(tenantKey(tenant))
  -- Nobody asked about this tenant since Redis lost its memory; whoever does will read what is in Postgres.
  if not fields.plan then return end
  rollWindows(fields)
  for _, window in ipairs({ 'minute', 'month' }) do
    fields[window .. 'Executions'] = fields[window .. 'Executions'] + executions
    fields[window .. 'Instructions'] = fields[window .. 'Instructions'] + instructions
  end
  fields.pending = math.max(0, fields.pending - events)
  local ended = events + runs
  if ended > 0 then
    fields.eventExecutions = mean(fields.eventExecutions, executions / ended)
    fields.eventInstructions = mean(fields.eventInstructions, instructions / ended)
  end
  local changed = {}
  for _, name in ipairs({ 'minute', 'month', 'minuteExecutions', 'minuteInstructions', 'monthExecutions',
    'monthInstructions', 'pending', 'eventExecutions', 'eventInstructions' }) do
    if fields[name] then
      changed[#changed + 1] = name
      changed[#changed + 1] = fields[name]
    end
  end
  redis.call('HSET', tenantKey(tenant), unpack(changed))
  local limits = limitsOf(fields)
  if limits then warn(tenant, fields, limits) end
end

for at = 2, #ARGV, 5 do
  report(ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]))
end
return warnings
