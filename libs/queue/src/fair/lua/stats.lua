-- Returns events that wait (delayed ones included), events in hand, and tenants with events in line.
local counts = redis.call('HMGET', stateKey, 'waiting', 'inHand')
return {
  tonumber(counts[1]) or 0,
  tonumber(counts[2]) or 0,
  redis.call('ZCARD', lineKey) + redis.call('SCARD', fullKey),
}
