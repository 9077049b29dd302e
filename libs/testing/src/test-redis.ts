import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { testStack } from './test-stack.js';

export interface TestRedis {
  /** Names a database of this caller's own where the server is ours. */
  readonly url: string;
  /** For keys and channels: pub/sub is shared by all databases of a server. Also BullMQ's `prefix`. */
  readonly prefix: string;
  /** Removes what was written. */
  close(): Promise<void>;
}

async function removeKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 500 })) {
    if (Array.isArray(keys) && keys.length > 0) await redis.del(...keys.map(String));
  }
}

/** A Redis that no other test writes to: call once per test file, `close` in afterAll. */
export async function createTestRedis(): Promise<TestRedis> {
  const stack = await testStack();
  const url = new URL(stack.redisUrl);
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  const own = stack.redisDatabase !== undefined;
  if (own) url.pathname = `/${stack.redisDatabase}`;
  const clean = async () => {
    const redis = new Redis(url.href, { maxRetriesPerRequest: 1 });
    try {
      if (own) await redis.flushdb();
      else await removeKeys(redis, prefix);
    } finally {
      redis.disconnect();
    }
  };
  if (own) await clean();
  return { url: url.href, prefix, close: clean };
}
