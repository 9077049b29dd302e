import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import { Database, type NewEvent } from '@tenon/database';
import { type FairQueue, openFairQueue } from '@tenon/queue';
import { waitFor } from '@tenon/testing';
import { putPoint } from './support/points.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

type EventId = Id<'event'>;

let api: TestApi;
let tenant: TestTenant;
let recorder: Database;
let fair: FairQueue;
let sent = 0;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  await putPoint(api, 'discounts', ['cart.updated', 'order.created']);
  recorder = await Database.open({ url: api.databaseUrl, applicationName: 'test', uses: ['app', 'recorder'] });
  fair = openFairQueue({ redisUrl: api.redis.url, prefix: api.redis.prefix });
});
afterAll(async () => {
  await fair?.close();
  await recorder?.close();
  await api?.close();
});

const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
  api.request({ method, url, key: tenant.key, ...(payload === undefined ? {} : { payload }) });

async function keep(changes: Partial<NewEvent> = {}): Promise<EventId> {
  sent += 1;
  const event = { source: '/s', sourceEventId: `${sent}`, type: 'cart.updated', data: '{"total":1}', origin: 'rest' };
  const [kept] = await api.database.events.insert(tenant.id, [{ ...event, ...changes }]);
  if (kept === undefined) throw new Error('nothing was kept');
  return kept.id;
}

async function dead(changes: Partial<NewEvent> = {}): Promise<EventId> {
  const id = await keep(changes);
  const end = { attempts: 0, attemptsNow: 3, failures: 0, status: 'dead', reason: 'deadline' } as const;
  await recorder.recorder.record(tenant.id, { executions: [], againEvents: [{ id, ...end }] });
  return id;
}

const statusOf = async (id: EventId) => (await ask('GET', `/v1/events/${id}`)).json().status;
const idsOf = (answer: { json(): { items: readonly { id: string }[] } }) => answer.json().items.map(({ id }) => id);
const inLine = async (count: number) => {
  await waitFor('the events to be in line', async () => (await fair.stats()).waiting === count);
};

describe('the list of events', () => {
  test('is filtered by what they are and where they stand, newest first, page by page', async () => {
    const cart = await keep({ source: '/list' });
    const order = await keep({ source: '/list', type: 'order.created', held: 'executions_per_minute' });
    const late = await keep({ source: '/list', notBefore: new Date(Date.now() + 60_000), priority: 9 });
    const list = async (query: string) => idsOf(await ask('GET', `/v1/events?source=/list${query}`));
    expect(await list('')).toEqual([late, order, cart]);
    expect(await list('&type=order.created')).toEqual([order]);
    expect(await list('&status=held')).toEqual([order]);
    expect(await list('&status=ready')).toEqual([cart]);
    expect(await list('&status=delayed')).toEqual([late]);
    expect(await list('&status=done')).toEqual([]);
    expect(await list('&limit=1')).toEqual([late]);
    expect(await list(`&limit=1&cursor=${late}`)).toEqual([order]);
    const future = encodeURIComponent(new Date(Date.now() + 3_600_000).toISOString());
    expect(await list(`&from=${future}`)).toEqual([]);
    expect(await list(`&to=${future}`)).toEqual([late, order, cart]);
    expect((await ask('GET', '/v1/events?status=lost')).statusCode).toBe(400);
  });

  test('shows nothing of another tenant', async () => {
    const stranger = await api.createTenant();
    const id = await keep({ held: 'quota' });
    for (const url of ['/v1/events', '/v1/events?status=held', '/v1/dead-letters']) {
      const answer = await api.request({ method: 'GET', url, key: stranger.key });
      expect(idsOf(answer)).toEqual([]);
    }
    const taken = await api.request({ method: 'POST', url: `/v1/events/${id}/release`, key: stranger.key });
    expect(taken.statusCode).toBe(404);
    expect(await statusOf(id)).toBe('held');
  });
});

describe('held events', () => {
  test('are released one by one, and put in line', async () => {
    const { waiting } = await fair.stats();
    const id = await keep({ held: 'executions_per_month' });
    const shown = (await ask('GET', `/v1/events/${id}`)).json();
    expect(shown).toMatchObject({ status: 'held', note: 'executions_per_month' });
    const answer = await ask('POST', `/v1/events/${id}/release`);
    expect(answer.json()).toMatchObject({ id, status: 'ready', note: null });
    await inLine(waiting + 1);
    const again = await ask('POST', `/v1/events/${id}/release`);
    expect(again.json()).toMatchObject({ code: 'event_state', detail: 'The event is not held, it is ready.' });
  });

  test('are released by a filter, oldest first, as many as were asked for', async () => {
    const source = '/bulk';
    const ids = [
      await keep({ source, held: 'a' }),
      await keep({ source, held: 'b' }),
      await keep({ source, held: 'a' }),
    ];
    const release = (body: object) => ask('POST', '/v1/events/release', body);
    expect((await release({ filter: { source, note: 'a' }, limit: 1 })).json()).toEqual({ changed: 1 });
    expect(await Promise.all(ids.map(statusOf))).toEqual(['ready', 'held', 'held']);
    expect((await release({ filter: { source } })).json()).toEqual({ changed: 2 });
    expect((await release({ filter: { source } })).json()).toEqual({ changed: 0 });
    expect((await release({ filter: { sauce: source } })).statusCode).toBe(400);
  });

  test.each([{}, { ids: [] }, { ids: ['evt_1'] }, { ids: [newId('event')], filter: {} }, 7])(
    'are not released by %j, and the answer says what is expected',
    async (payload) => {
      const answer = await ask('POST', '/v1/events/release', Object(payload));
      expect(answer.statusCode).toBe(400);
      expect(answer.body).toMatch(/1 to 1,000 ids of events|\/body\/ids/);
    },
  );
});

describe('an event that has not ended', () => {
  test('can be cancelled once, and is taken out of the line', async () => {
    const { waiting } = await fair.stats();
    const body = { specversion: '1.0', id: 'cancel-me', source: '/s', type: 'cart.updated', data: { total: 1 } };
    const [id] = (await ask('POST', '/v1/events', body)).json().ids;
    await inLine(waiting + 1);
    expect((await ask('POST', `/v1/events/${id}/cancel`)).json()).toMatchObject({ id, status: 'cancelled' });
    await inLine(waiting);
    const again = await ask('POST', `/v1/events/${id}/cancel`);
    expect([again.statusCode, again.json().code]).toEqual([409, 'event_state']);
    expect(idsOf(await ask('GET', '/v1/events?status=cancelled'))).toEqual([id]);
    expect((await ask('POST', `/v1/events/${newId('event')}/cancel`)).statusCode).toBe(404);
  });
});

describe('dead letters', () => {
  test('are listed with their reason, and replayed or discarded one by one', async () => {
    const [one, two] = [await dead({ source: '/dead' }), await dead({ source: '/dead' })];
    const list = async () => (await ask('GET', '/v1/dead-letters?source=/dead')).json().items;
    expect(await list()).toMatchObject([{ id: two, status: 'dead', note: 'deadline', attempts: 3 }, { id: one }]);
    const { waiting } = await fair.stats();
    expect((await ask('POST', `/v1/dead-letters/${one}/replay`)).json()).toMatchObject({ id: one, status: 'ready' });
    await inLine(waiting + 1);
    expect((await ask('DELETE', `/v1/dead-letters/${two}`)).statusCode).toBe(204);
    expect(await statusOf(two)).toBe('discarded');
    expect(await list()).toEqual([]);
    expect((await ask('DELETE', `/v1/dead-letters/${two}`)).json().code).toBe('event_state');
  });

  test('are replayed and discarded by a filter, and the audit says who did it', async () => {
    const source = '/dead-bulk';
    const ids = [await dead({ source }), await dead({ source, type: 'order.created' }), await dead({ source })];
    const filter = { source, type: 'cart.updated' };
    expect((await ask('POST', '/v1/dead-letters/replay', { filter, limit: 1 })).json()).toEqual({ changed: 1 });
    expect((await ask('POST', '/v1/dead-letters/discard', { filter: { source } })).json()).toEqual({ changed: 2 });
    expect(await Promise.all(ids.map(statusOf))).toEqual(['ready', 'discarded', 'discarded']);
    const entries = (await ask('GET', '/v1/audit?action=dead_letters.discarded&limit=1')).json().items;
    expect(entries).toMatchObject([
      { actor: expect.stringMatching(/^key_/), details: { changed: 2, filter: { source } } },
    ]);
  });
});

describe('when an event runs', () => {
  const send = (attributes: object) =>
    ask('POST', '/v1/events', {
      specversion: '1.0',
      id: newId('request'),
      source: '/when',
      type: 'cart.updated',
      data: { total: 1 },
      ...attributes,
    });

  test('is said by two extension attributes', async () => {
    const tenonnotbefore = new Date(Date.now() + 3_600_000).toISOString();
    const answer = await send({ tenonpriority: 9, tenonnotbefore });
    expect(answer.statusCode).toBe(202);
    const shown = (await ask('GET', `/v1/events/${answer.json().ids[0]}`)).json();
    expect(shown).toMatchObject({ status: 'delayed', notBefore: tenonnotbefore });
  });

  test('is refused where it makes no sense', async () => {
    expect((await send({ tenonpriority: 10 })).statusCode).toBe(400);
    const tenonnotbefore = new Date(Date.now() + 40 * 24 * 3_600_000).toISOString();
    const late = await send({ tenonnotbefore });
    expect(late.json()).toMatchObject({ code: 'invalid_event', errors: [{ pointer: '/body/tenonnotbefore' }] });
  });
});
