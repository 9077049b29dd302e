import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Id } from '@tenon/contracts';
import { Redis } from 'ioredis';
import { Erasure } from '../../src/erasure/erasure.js';
import { Shop } from '../support/shop.js';

let shop: Shop;
let redis: Redis;

beforeAll(async () => {
  shop = await Shop.open();
  redis = new Redis(shop.testRedis.url);
});
afterAll(async () => {
  redis.disconnect();
  await shop.close();
});

/** Keys, members and fields in Redis that name the tenant. */
async function tracesOf(tenantId: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const key of await redis.keys(`${shop.testRedis.prefix}*`)) {
    const type = await redis.type(key);
    const content = async (): Promise<unknown> => {
      if (type === 'hash') return redis.hgetall(key);
      if (type === 'zset') return redis.zrange(key, 0, '-1');
      if (type === 'set') return redis.smembers(key);
      if (type === 'list') return redis.lrange(key, 0, -1);
      return type === 'string' ? redis.get(key) : '';
    };
    if (`${key} ${JSON.stringify(await content())}`.includes(tenantId)) found.push(key);
  }
  return found;
}

async function mark(tenantId: Id<'tenant'>): Promise<void> {
  await shop.database.asOperator(async (tx) => {
    await tx.tenants.setStatus(tenantId, 'suspended');
    await tx.tenants.startErasure(tenantId, 'key_operator');
  });
}

test('a deleted tenant is gone from Postgres and from Redis, and one that lives keeps what it has', async () => {
  const { tenantId, database, quotas } = shop;
  await shop.send(['{"a":1}', '{"a":2}', '{"a":3}']);
  await quotas.admitEvents(tenantId, 3);
  await quotas.report([{ tenantId, events: 3, executions: 3, instructions: 1_000 }]);
  expect(await tracesOf(tenantId)).not.toEqual([]);

  const erasure = new Erasure(shop, { graceS: 0, rowsPerStep: 2 });
  expect(await erasure.step()).toBe('idle');
  expect(await tracesOf(tenantId)).not.toEqual([]);

  await mark(tenantId);
  expect(await new Erasure(shop, { graceS: 3_600, rowsPerStep: 2 }).step()).toBe('idle');
  let steps = 0;
  while (steps < 100 && (await erasure.step()) === 'more') steps += 1;
  expect(steps).toBeLessThan(100);
  expect(steps).toBeGreaterThan(2);
  expect(await database.asOperator((tx) => tx.tenants.find(tenantId))).toBeNull();
  expect(await tracesOf(tenantId)).toEqual([]);
});
