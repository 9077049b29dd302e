import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { listenForRelayWake } from '@tenon/queue';
import { waitFor } from '@tenon/testing';
import { putPoint } from './support/points.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  await putPoint(api, 'discounts', ['cart.updated']);
  await putPoint(api, 'audit', ['cart.updated']);
});
afterAll(() => api.close());

function event(id: string, more: object = {}) {
  return { specversion: '1.0', id, source: '/shop', type: 'cart.updated', data: { total: 12 }, ...more };
}

function send(payload: unknown, headers: Record<string, string> = {}) {
  const type = Array.isArray(payload) ? 'application/cloudevents-batch+json' : 'application/cloudevents+json';
  return api.request({
    method: 'POST',
    url: '/v1/events',
    key: tenant.key,
    headers: { 'content-type': type, ...headers },
    payload: JSON.stringify(payload),
  });
}

describe('POST /v1/events', () => {
  test('an event is in Postgres, whole and ready, when its 202 arrives', async () => {
    const answer = await send(event('one', { subject: 'cart-1', time: '2026-11-21T10:00:00+01:00' }));
    expect(answer.statusCode).toBe(202);
    const { ids, duplicates } = answer.json();
    expect(duplicates).toBe(0);
    const [kept] = await api.database.events.load(tenant.id, ids);
    expect(kept).toMatchObject({ source: '/shop', sourceEventId: 'one', subject: 'cart-1', status: 'ready' });
    expect(JSON.parse(kept?.data ?? '')).toEqual({ total: 12 });
  });

  test('an event can be looked at: what it carries and where it stands', async () => {
    const { ids } = (await send(event('seen', { subject: 'cart-2' }))).json();
    const seen = await api.request({ method: 'GET', url: `/v1/events/${ids[0]}`, key: tenant.key });
    expect(seen.json()).toMatchObject({ id: ids[0], sourceId: 'seen', subject: 'cart-2', status: 'ready', note: null });
    expect(seen.json().data).toEqual({ total: 12 });
  });

  test('binary data is refused rather than dropped', async () => {
    const answer = await send(event('bytes', { data: undefined, data_base64: 'AAAA' }));
    expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/body/data_base64' }] });
  });

  test('the same source and id again gives the first id', async () => {
    const first = (await send(event('same'))).json();
    const second = (await send([event('same'), event('other'), event('other')])).json();
    expect(second.ids[0]).toBe(first.ids[0]);
    expect(second.ids[2]).toBe(second.ids[1]);
    expect(second.duplicates).toBe(2);
  });

  test('another tenant may use the same source and id', async () => {
    const other = await api.createTenant();
    const first = (await send(event('shared'))).json();
    const payload = event('shared');
    const second = await api.request({ method: 'POST', url: '/v1/events', key: other.key, payload });
    expect(second.json().duplicates).toBe(0);
    expect(second.json().ids[0]).not.toBe(first.ids[0]);
  });

  test('a thousand events go in one call, in order, and one more is refused', async () => {
    const events = Array.from({ length: 1_001 }, (_, index) => event(`many-${index}`));
    const answer = await send(events.slice(0, 1_000));
    expect(answer.statusCode).toBe(202);
    expect(new Set(answer.json().ids).size).toBe(1_000);
    const last = await api.database.events.load(tenant.id, [answer.json().ids[999]]);
    expect(last[0]?.sourceEventId).toBe('many-999');
    expect((await send(events)).json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/body' }] });
  });

  test('binary mode takes the attributes from headers', async () => {
    const answer = await api.request({
      method: 'POST',
      url: '/v1/events',
      key: tenant.key,
      headers: { 'ce-specversion': '1.0', 'ce-id': 'bin', 'ce-source': '/shop', 'ce-type': 'cart.updated' },
      payload: { total: 3 },
    });
    expect(answer.statusCode).toBe(202);
  });

  test('an event that breaks a schema refuses the batch, names each point, and keeps nothing', async () => {
    const answer = await send([event('fine'), event('broken', { data: { total: 'much' } })]);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid_event' });
    expect(answer.json().errors).toEqual([
      { pointer: '/body/1/data/total', message: 'must be number (extension point "audit")' },
      { pointer: '/body/1/data/total', message: 'must be number (extension point "discounts")' },
    ]);
    expect((await send(event('fine'))).json().duplicates).toBe(0);
  });

  test('a type that feeds nothing is refused with the types that do', async () => {
    const answer = await send(event('x', { type: 'cart.exploded' }));
    expect(answer.json()).toMatchObject({
      code: 'invalid_event',
      errors: [{ pointer: '/body/type', message: expect.stringContaining('known are: cart.updated') }],
    });
  });

  test('data beyond 128 kB is refused', async () => {
    const answer = await send(event('big', { data: { total: 1, text: 'x'.repeat(128_000) } }));
    expect(answer.json()).toMatchObject({ code: 'invalid_event', errors: [{ pointer: '/body/data' }] });
  });

  test('many requests at once each get their own ids back', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const { ids } = (await send(event(`crowd-${index}`))).json();
        const [kept] = await api.database.events.load(tenant.id, ids);
        return kept?.sourceEventId;
      }),
    );
    expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => `crowd-${index}`));
  });

  test('an accepted event wakes the relay', async () => {
    let wakes = 0;
    const listener = listenForRelayWake({ redisUrl: api.redis.url, prefix: api.redis.prefix }, () => {
      wakes += 1;
    });
    try {
      await waitFor('the subscription', () => wakes > 0);
      const before = wakes;
      await waitFor('a wake after an event', async () => {
        await send(event(`wake-${Math.random()}`));
        return wakes > before;
      });
    } finally {
      await listener.close();
    }
  });
});
