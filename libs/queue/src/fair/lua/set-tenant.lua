-- Sets a tenant's share and cap. Jobs in hand are corrected by the weight that they were charged with.
-- ARGV: groups of tenant, weight, cap in events.
for at = 1, #ARGV, 3 do
  redis.call('HSET', tenantKey(ARGV[at]), 'weight', ARGV[at + 1], 'cap', ARGV[at + 2])
  lineUp(ARGV[at])
end
return redis.status_reply('OK')
