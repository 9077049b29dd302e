import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Database } from '@tenon/database';
import pg from 'pg';
import { putPoint } from '../support/points.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let owner: pg.Client;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  await putPoint(api, 'discounts', ['cart.updated']);
  owner = new pg.Client({ connectionString: api.databaseOwnerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner?.end();
  await api?.close();
});

const newKey = () => ({ 'idempotency-key': randomUUID() });
const create = (headers: Record<string, string>, name: string, key = tenant.key) =>
  api.request({
    method: 'POST',
    url: '/v1/functions',
    key,
    headers,
    payload: { name, extensionPoint: 'discounts' },
  });
const upload = (headers: Record<string, string>, bytes: string | Readable) =>
  api.request({
    method: 'POST',
    url: '/v1/functions/uploads/versions',
    key: tenant.key,
    headers: { 'content-type': 'application/wasm', ...headers },
    payload: bytes,
  });
/** What a process leaves behind that died while it held the key. */
const abandon = (headers: { 'idempotency-key': string }, committed: boolean) =>
  owner
    .query(
      `UPDATE idempotency_keys SET status = NULL, answer = NULL, lease_until = now() - interval '1 second', committed = $1
       WHERE claim = (SELECT claim FROM idempotency_keys ORDER BY created_at DESC LIMIT 1)`,
      [committed],
    )
    .then(() => headers);

describe('the same request with the same key', () => {
  test('gets the answer of the first one, says so, and does nothing twice', async () => {
    const headers = newKey();
    const first = await create(headers, 'once');
    expect(first.statusCode).toBe(201);
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    const again = await create(headers, 'once');
    expect([again.statusCode, again.body, again.headers['content-type']]).toEqual([
      201,
      first.body,
      first.headers['content-type'],
    ]);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  });

  test('is known whether its key comes plain or in double quotes', async () => {
    const key = randomUUID();
    const first = await create({ 'idempotency-key': key }, 'quoted');
    expect((await create({ 'idempotency-key': `"${key}"` }, 'quoted')).body).toBe(first.body);
  });

  test('many at once: one is carried out, the others get its answer or are told to wait', async () => {
    const headers = newKey();
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(headers, 'crowd')));
    for (const answer of answers) expect([201, 409]).toContain(answer.statusCode);
    const carriedOut = answers.filter(
      (answer) => answer.statusCode === 201 && answer.headers['idempotent-replayed'] === undefined,
    );
    expect(carriedOut).toHaveLength(1);
    for (const answer of answers.filter(({ statusCode }) => statusCode === 409)) {
      expect(answer.json().code).toBe('idempotency_in_progress');
      expect(answer.headers['retry-after']).toBe('1');
    }
  });

  test('gets a refusal again as well', async () => {
    const headers = newKey();
    const payload = { name: 'x', extensionPoint: 'appears-later' };
    const ask = () => api.request({ method: 'POST', url: '/v1/functions', key: tenant.key, headers, payload });
    expect((await ask()).statusCode).toBe(400);
    await putPoint(api, 'appears-later', []);
    const again = await ask();
    expect([again.statusCode, again.headers['idempotent-replayed']]).toEqual([400, 'true']);
  });

  test('gets an answer without a body again', async () => {
    const { id } = await api.createKey(tenant.id, ['functions:read']);
    const headers = newKey();
    const url = `/v1/tenants/${tenant.id}/keys/${id}`;
    const revoke = () => api.request({ method: 'DELETE', url, key: tenant.key, headers });
    expect((await revoke()).statusCode).toBe(204);
    const again = await revoke();
    expect([again.statusCode, again.body, again.headers['idempotent-replayed']]).toEqual([204, '', 'true']);
  });

  test('from another process gets it, too', async () => {
    const headers = newKey();
    const first = await create(headers, 'elsewhere');
    const other = await api.startTwin();
    const again = await other.inject({
      method: 'POST',
      url: '/v1/functions',
      headers: { ...headers, authorization: `Bearer ${tenant.key}` },
      payload: { name: 'elsewhere', extensionPoint: 'discounts' },
    });
    await other.close();
    expect([again.statusCode, again.body]).toEqual([201, first.body]);
  });
});

describe('a secret that is shown once', () => {
  test('is shown again to who asks with the key, and stands nowhere in the database', async () => {
    const headers = newKey();
    const url = `/v1/tenants/${tenant.id}/keys`;
    const payload = { name: 'secret', scopes: ['functions:read'] };
    const mint = () => api.request({ method: 'POST', url, key: tenant.key, headers, payload });
    const first = await mint();
    const { key } = first.json();
    expect((await mint()).json().key).toBe(key);
    const { rows } = await owner.query<{ row: string; answer: Buffer | null }>(
      'SELECT k::text AS row, answer FROM idempotency_keys AS k',
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { row, answer } of rows) {
      expect(row).not.toContain(key);
      expect(row).not.toContain(headers['idempotency-key']);
      expect(answer?.includes(key) ?? false).toBe(false);
    }
  });

  test("is not shown to another key of the tenant, which has the caller's rights but not its keys", async () => {
    const headers = newKey();
    const other = await api.createKey(tenant.id, ['functions:write']);
    expect((await create(headers, 'mine-alone')).statusCode).toBe(201);
    const answer = await create(headers, 'mine-alone', other.key);
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'conflict']);
  });
});

describe('another request with the same key', () => {
  test.each([
    ['another body', '/v1/functions', { name: 'other', extensionPoint: 'discounts' }],
    ['another query', '/v1/functions?x=1', { name: 'first', extensionPoint: 'discounts' }],
    ['another route', '/v1/webhook-sources', { name: 'first', extensionPoint: 'discounts' }],
  ])('%s is refused', async (_name, url, payload) => {
    const headers = newKey();
    await api.request({
      method: 'POST',
      url: '/v1/functions',
      key: tenant.key,
      headers,
      payload: { name: 'first', extensionPoint: 'discounts' },
    });
    const answer = await api.request({ method: 'POST', url, key: tenant.key, headers, payload });
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('of another tenant knows nothing of it', async () => {
    const headers = newKey();
    const stranger = await api.createTenant('Somebody else');
    await create(headers, 'same-name');
    const answer = await create(headers, 'same-name', stranger.key);
    expect([answer.statusCode, answer.headers['idempotent-replayed']]).toEqual([201, undefined]);
  });
});

describe('an upload', () => {
  beforeAll(async () => {
    await create({}, 'uploads');
  });

  test('is hashed while it streams: the same bytes get the same version, others are refused', async () => {
    const headers = newKey();
    const first = await upload(headers, Readable.from(['some ', 'module']));
    expect(first.statusCode).toBe(202);
    const again = await upload(headers, 'some module');
    expect([again.statusCode, again.body]).toEqual([202, first.body]);
    expect((await upload(headers, 'other bytes')).json().code).toBe('idempotency_key_reused');
  });

  test('that was refused before its body was read may be tried again', async () => {
    const headers = { ...newKey(), 'content-type': 'application/wasm' };
    const ask = () =>
      api.request({
        method: 'POST',
        url: '/v1/functions/not-yet/versions',
        key: tenant.key,
        headers,
        payload: 'x'.repeat(200_000),
      });
    expect((await ask()).statusCode).toBe(404);
    await create({}, 'not-yet');
    expect((await ask()).statusCode).toBe(202);
  });
});

describe('a request whose process died', () => {
  test('before it changed anything is carried out by the next try', async () => {
    const headers = newKey();
    await api.request({
      method: 'POST',
      url: '/v1/functions',
      key: tenant.key,
      headers,
      payload: { name: 'late', extensionPoint: 'nowhere' },
    });
    await abandon(headers, false);
    await putPoint(api, 'nowhere', []);
    const answer = await api.request({
      method: 'POST',
      url: '/v1/functions',
      key: tenant.key,
      headers,
      payload: { name: 'late', extensionPoint: 'nowhere' },
    });
    expect([answer.statusCode, answer.headers['idempotent-replayed']]).toEqual([201, undefined]);
  });

  test('after it changed something is never carried out again, and says so', async () => {
    const headers = newKey();
    await create(headers, 'survivor');
    await abandon(headers, true);
    const answer = await create(headers, 'survivor');
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'idempotency_answer_lost']);
  });

  test('a change and the note that it happened commit together', async () => {
    const headers = newKey();
    await create(headers, 'noted');
    const { rows } = await owner.query('SELECT committed FROM idempotency_keys ORDER BY created_at DESC LIMIT 1');
    expect(rows).toEqual([{ committed: true }]);
  });

  test('a try that lost its claim to another one changes nothing', async () => {
    // The claim goes while the change is under way: the transaction has to notice before it commits.
    await owner.query(`CREATE FUNCTION steal_claims() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN UPDATE public.idempotency_keys SET claim = gen_random_uuid() WHERE status IS NULL; RETURN NEW; END $$`);
    await owner.query('CREATE TRIGGER steal BEFORE INSERT ON functions FOR EACH ROW EXECUTE FUNCTION steal_claims()');
    const stolen = await create(newKey(), 'stolen');
    await owner.query('DROP TRIGGER steal ON functions');
    expect([stolen.statusCode, stolen.json().code]).toEqual([409, 'idempotency_in_progress']);
    const found = await api.request({ method: 'GET', url: '/v1/functions/stolen', key: tenant.key });
    expect(found.statusCode).toBe(404);
  });
});

describe('a failure of ours', () => {
  test('is not kept, and the next try is carried out', async () => {
    const headers = newKey();
    await owner.query('ALTER TABLE functions RENAME TO functions_away');
    const failed = await create(headers, 'after-all');
    await owner.query('ALTER TABLE functions_away RENAME TO functions');
    expect(failed.statusCode).toBeGreaterThanOrEqual(500);
    const answer = await create(headers, 'after-all');
    expect([answer.statusCode, answer.headers['idempotent-replayed']]).toEqual([201, undefined]);
  });
});

describe('the header', () => {
  test.each(['', 'a b', '"', '"open', 'a"b', 'x'.repeat(256), 'é', 'a, b"'])(
    'that is no key is refused: %s',
    async (key) => {
      const answer = await create({ 'idempotency-key': key }, 'odd');
      expect(answer.json()).toMatchObject({
        code: 'invalid_request',
        errors: [{ pointer: '/header/idempotency-key' }],
      });
    },
  );

  test('is ignored where nothing is changed', async () => {
    const headers = newKey();
    const list = () => api.request({ method: 'GET', url: '/v1/functions', key: tenant.key, headers });
    expect((await list()).headers).not.toHaveProperty('idempotent-replayed');
    expect((await list()).headers).not.toHaveProperty('idempotent-replayed');
  });
});

test('a key whose day is over is forgotten, and may be used for something else', async () => {
  const headers = newKey();
  await create(headers, 'yesterday');
  await owner.query("UPDATE idempotency_keys SET expires_at = now() - interval '1 minute'");
  expect((await create(headers, 'today')).statusCode).toBe(201);
  await owner.query("UPDATE idempotency_keys SET expires_at = now() - interval '1 minute'");
  const { rows } = await owner.query<{ kept: number }>('SELECT count(*)::int AS kept FROM idempotency_keys');
  const worker = await Database.open({ url: api.databaseUrl, applicationName: 'test', uses: ['scheduler'] });
  const forgotten = [await worker.idempotency.forget(2), await worker.idempotency.forget(10_000)];
  await worker.close();
  expect(forgotten).toEqual([2, (rows[0]?.kept ?? 0) - 2]);
});
