import { describe, expect, it } from '@jest/globals';
import { freePort } from '@tenon/devstack';
import { testStack } from '@tenon/testing';
import { checkPostgres, checkRedis } from '../src/external-servers.js';

describe.each([
  ['checkPostgres', checkPostgres, 'postgresql', 'DATABASE_URL'],
  ['checkRedis', checkRedis, 'redis', 'REDIS_URL'],
] as const)('%s', (_name, check, scheme, variable) => {
  it('is content with a server that answers', async () => {
    const { databaseUrl, redisUrl } = await testStack();
    await check(scheme === 'redis' ? redisUrl : databaseUrl);
  });

  it('names the variable and the place where nobody answers, and never the password', async () => {
    const port = await freePort();
    const failure = check(`${scheme}://someone:hunter2@127.0.0.1:${port}/0`);
    await expect(failure).rejects.toThrow(`${variable} (127.0.0.1:${port}) can't be used: connect ECONNREFUSED`);
    await expect(failure).rejects.not.toThrow('hunter2');
  });

  it('says that a password is wrong', async () => {
    const { databaseUrl, redisUrl } = await testStack();
    const url = new URL(scheme === 'redis' ? redisUrl : databaseUrl);
    url.password = 'hunter2';
    await expect(check(url.href)).rejects.toThrow(/password/i);
  });
});
