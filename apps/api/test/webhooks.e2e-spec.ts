import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '@tenon/testing';
import { parseStandardSecret, signShopify, signStandard } from '@tenon/webhooks';
import { putPoint } from './support/points.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  await putPoint(api, 'discounts', ['cart.updated']);
});
afterAll(() => api.close());

interface Source {
  readonly id: string;
  readonly path: string;
  readonly secret: string;
}

async function createSource(payload: object): Promise<Source> {
  const answer = await api.request({ method: 'POST', url: '/v1/webhook-sources', key: tenant.key, payload });
  if (answer.statusCode !== 201) throw new Error(answer.body);
  return answer.json();
}

function standardHeaders(secret: string, body: string, id = 'msg_1') {
  const key = parseStandardSecret(secret);
  if (key === undefined) throw new Error('not a secret');
  const nowS = Math.floor(Date.now() / 1_000);
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(nowS),
    'webhook-signature': signStandard(key, id, nowS, Buffer.from(body)),
  };
}

const post = (url: string, payload: string, headers: Record<string, string>) =>
  api.request({ method: 'POST', url, payload, headers });

describe('webhooks', () => {
  test('a message signed by Standard Webhooks becomes one event, however often it is sent', async () => {
    const source = await createSource({
      name: 'shop',
      scheme: 'standard',
      mapping: { types: { 'cart.changed': 'cart.updated' } },
    });
    expect(source.secret).toMatch(/^whsec_/);
    const body = JSON.stringify(
      { type: 'cart.changed', timestamp: '2026-11-21T10:00:00Z', data: { total: 4 } },
      null,
      2,
    );
    const first = await post(source.path, body, standardHeaders(source.secret, body));
    expect(first.statusCode).toBe(202);
    const again = await post(source.path, body, standardHeaders(source.secret, body));
    expect(again.json()).toEqual({ ids: first.json().ids, duplicates: 1, held: 0 });
    const [kept] = await api.database.events.load(tenant.id, first.json().ids);
    expect(kept).toMatchObject({ type: 'cart.updated', sourceEventId: 'msg_1', source: source.path });
    expect(JSON.parse(kept?.data ?? '')).toEqual({ total: 4 });
  });

  test("a message signed as Shopify does becomes an event with Shopify's id", async () => {
    const secret = 'shpss_0123456789abcdef0123456789abcdef';
    const mapping = { types: { 'carts/update': 'cart.updated' } };
    const source = await createSource({ name: 'shopify', scheme: 'shopify', secret, mapping });
    const body = '{"total":5,  "note":"spaces matter"}';
    const answer = await post(source.path, body, {
      'content-type': 'application/json',
      'x-shopify-topic': 'carts/update',
      'x-shopify-event-id': 'ev-1',
      'x-shopify-hmac-sha256': signShopify(Buffer.from(secret), Buffer.from(body)),
    });
    expect(answer.statusCode).toBe(202);
    const [kept] = await api.database.events.load(tenant.id, answer.json().ids);
    expect(kept).toMatchObject({ type: 'cart.updated', sourceEventId: 'ev-1:carts/update' });
  });

  test('an unknown source, another path and a wrong signature get the same answer, byte for byte', async () => {
    const source = await createSource({ name: 'quiet', scheme: 'standard', mapping: { fallback: 'cart.updated' } });
    const body = '{"total":1}';
    const headers = { ...standardHeaders(source.secret, body), 'x-request-id': 'same' };
    const wrong = { ...headers, 'webhook-signature': `v1,${'A'.repeat(43)}=` };
    const unknown = `/v1/webhooks/whs_${'0'.repeat(26)}`;
    const answers = [
      await post(source.path, body, wrong),
      await post(source.path, '{"total":2}', headers),
      await post(unknown, body, headers),
      await post('/v1/webhooks/anything', body, headers),
      await post(source.path, body, { 'content-type': 'application/json', 'x-request-id': 'same' }),
    ];
    for (const answer of answers) {
      expect(answer.statusCode).toBe(401);
      expect(answer.body).toBe(answers[0]?.body);
      expect({ ...answer.headers, date: '' }).toEqual({ ...answers[0]?.headers, date: '' });
    }
    await waitFor('the refusal in the audit log', async () => {
      const url = '/v1/audit?action=webhook.refused.signature_mismatch';
      const audit = await api.request({ method: 'GET', url, key: tenant.key });
      return audit.json().items?.[0]?.target === source.id;
    });
  });

  test('after a rotation the last secret still verifies, after two it does not, and a deleted source is unknown', async () => {
    const source = await createSource({ name: 'turning', scheme: 'standard', mapping: { fallback: 'cart.updated' } });
    const own = `/v1/webhook-sources/${source.id}`;
    const rotate = async (): Promise<Source> =>
      (await api.request({ method: 'POST', url: `${own}/rotate-secret`, key: tenant.key, payload: {} })).json();
    const body = '{"total":1}';
    const statusWith = async (secret: string) =>
      (await post(source.path, body, standardHeaders(secret, body))).statusCode;
    const second = await rotate();
    expect([await statusWith(source.secret), await statusWith(second.secret)]).toEqual([202, 202]);
    const third = await rotate();
    expect([await statusWith(source.secret), await statusWith(second.secret)]).toEqual([401, 202]);
    expect(await statusWith(third.secret)).toBe(202);
    expect((await api.request({ method: 'DELETE', url: own, key: tenant.key })).statusCode).toBe(204);
    expect(await statusWith(third.secret)).toBe(401);
    expect((await api.request({ method: 'DELETE', url: own, key: tenant.key })).statusCode).toBe(404);
  });

  test('of two who rotate a secret at once neither is given one that does not verify', async () => {
    const source = await createSource({ name: 'raced', scheme: 'standard', mapping: { fallback: 'cart.updated' } });
    const url = `/v1/webhook-sources/${source.id}/rotate-secret`;
    const rotate = () => api.request({ method: 'POST', url, key: tenant.key, payload: {} });
    const both = await Promise.all([rotate(), rotate()]);
    const body = '{"total":1}';
    const statuses = await Promise.all(
      both.map(
        async (answer) => (await post(source.path, body, standardHeaders(answer.json().secret, body))).statusCode,
      ),
    );
    expect(statuses).toEqual([202, 202]);
    expect(both.map((answer) => answer.json().liveSecrets)).toEqual([2, 2]);
  });

  test('a source is shown, and its mapping changed under a condition; address and secrets stay', async () => {
    const source = await createSource({ name: 'moving', scheme: 'standard', mapping: { types: {} } });
    const url = `/v1/webhook-sources/${source.id}`;
    const shown = await api.request({ method: 'GET', url, key: tenant.key });
    expect(shown.json()).toMatchObject({ id: source.id, name: 'moving', liveSecrets: 1 });
    expect(shown.body).not.toContain(source.secret);
    const payload = { name: 'moved', mapping: { header: 'X-Topic', types: { cart: 'cart.updated' } } };
    const put = (tag: unknown) =>
      api.request({ method: 'PUT', url, key: tenant.key, payload, headers: { 'if-match': String(tag) } });
    const answer = await put(shown.headers.etag);
    expect(answer.json()).toMatchObject({ name: 'moved', path: source.path, mapping: { header: 'x-topic' } });
    expect((await put(shown.headers.etag)).statusCode).toBe(412);
    expect((await api.request({ method: 'GET', url, key: tenant.key })).headers.etag).toBe(answer.headers.etag);
    const body = '{"total":1}';
    const headers = { ...standardHeaders(source.secret, body, 'msg_moved'), 'x-topic': 'cart' };
    expect((await post(source.path, body, headers)).statusCode).toBe(202);
    const audit = await api.request({ method: 'GET', url: '/v1/audit?action=webhook_source.changed', key: tenant.key });
    expect(audit.json().items[0].details).toMatchObject({ before: { name: 'moving' }, after: { name: 'moved' } });
  });

  test('a message that no mapping names is refused after its signature is checked', async () => {
    const source = await createSource({ name: 'mapped', scheme: 'standard', mapping: { types: {} } });
    const body = '{"type":"unknown","data":{"total":1}}';
    const answer = await post(source.path, body, standardHeaders(source.secret, body));
    expect(answer.json()).toMatchObject({ code: 'invalid_event', errors: [{ pointer: '/body' }] });
  });

  test('a secret of the wrong form is refused, and the list never shows one', async () => {
    const payload = { name: 'x', scheme: 'standard', mapping: {}, secret: 'not-a-standard-secret' };
    const refused = await api.request({ method: 'POST', url: '/v1/webhook-sources', key: tenant.key, payload });
    expect(refused.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/body/secret' }] });
    const list = await api.request({ method: 'GET', url: '/v1/webhook-sources', key: tenant.key });
    expect(list.json().items.length).toBeGreaterThan(0);
    expect(list.body).not.toContain('secret');
  });

  test('no secret and no key reaches a log line', () => {
    const lines = api.logLines.join('');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines).not.toContain(tenant.key);
    expect(lines).not.toMatch(/whsec_[A-Za-z0-9]|shpss_|tn[ko]_[0-9A-Za-z]/);
  });
});
