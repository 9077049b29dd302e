import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '@tenon/testing';
import pg from 'pg';
import { putPoint } from './support/points.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let owner: pg.Client;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  await putPoint(api, 'discounts', ['cart.updated']);
  const url = new URL(api.databaseOwnerUrl);
  url.pathname = '/postgres';
  owner = new pg.Client({ connectionString: url.href });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await api.close();
});

const database = () => new URL(api.databaseOwnerUrl).pathname.slice(1);

async function allowConnections(allowed: boolean): Promise<void> {
  await owner.query(`ALTER DATABASE ${pg.escapeIdentifier(database())} ALLOW_CONNECTIONS ${allowed}`);
  if (!allowed)
    await owner.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database()]);
}

const send = (id: string) =>
  api.request({
    method: 'POST',
    url: '/v1/events',
    key: tenant.key,
    payload: { specversion: '1.0', id, source: '/s', type: 'cart.updated', data: { total: 1 } },
  });

/** Settings hold for connections that are made from now on. */
async function setForAll(setting: string): Promise<void> {
  await owner.query(`ALTER DATABASE ${pg.escapeIdentifier(database())} ${setting}`);
  await owner.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database()]);
}

test.each([
  ['takes longer than it may (57014)', 'statement_timeout'],
  ['waits for a lock longer than it may (55P03)', 'lock_timeout'],
])('a statement that %s is no fault of ours: it can be tried again', async (_what, setting) => {
  const blocker = new pg.Client({ connectionString: api.databaseOwnerUrl });
  try {
    await setForAll(`SET ${setting} = '100ms'`);
    await blocker.connect();
    await blocker.query(`SET ${setting} = 0; BEGIN; LOCK TABLE functions IN ACCESS EXCLUSIVE MODE`);
    const list = () => api.request({ method: 'GET', url: '/v1/functions', key: tenant.key });
    const answer = await list();
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(answer.json().code).toBe('unavailable');
    await blocker.query('ROLLBACK');
    await waitFor('the list', async () => (await list()).statusCode === 200);
  } finally {
    await blocker.end();
    await setForAll(`RESET ${setting}`);
  }
  await waitFor('the api to recover', async () => (await send(`after-${setting}`)).statusCode === 202);
});

test('without Postgres every route says that it can be tried again, and works again by itself', async () => {
  expect((await send('before')).statusCode).toBe(202);
  await allowConnections(false);
  try {
    const requests = [
      () => send('during'),
      () => api.request({ method: 'GET', url: '/v1/functions', key: tenant.key }),
      () => api.request({ method: 'GET', url: '/v1/executions', key: tenant.key }),
      () => api.request({ method: 'GET', url: '/v1/tenants', key: api.operatorKey }),
    ];
    for (const request of requests) {
      const answer = await request();
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
      expect(answer.json()).toEqual({
        type: '/v1/problems#unavailable',
        title: 'A part of Tenon is not available',
        status: 503,
        code: 'unavailable',
      });
    }
    const ready = await api.request({ method: 'GET', url: '/readyz' });
    expect([ready.statusCode, ready.json().checks.postgres]).toEqual([503, 'failed']);
    expect((await api.request({ method: 'GET', url: '/healthz' })).statusCode).toBe(200);
  } finally {
    await allowConnections(true);
  }
  await waitFor('the api to recover', async () => (await send('after')).statusCode === 202);
  expect((await api.request({ method: 'GET', url: '/readyz' })).statusCode).toBe(200);
});
