import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Id, newId, type QuotaLimits, scopes } from '@tenon/contracts';
import { openFairQueue } from '@tenon/queue';
import { waitFor } from '@tenon/testing';
import { putPoint } from './support/points.js';
import { startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await putPoint(api, 'discounts', ['cart.updated']);
});
afterAll(() => api.close());

async function tenantWith(quotas: Partial<QuotaLimits>): Promise<{ id: Id<'tenant'>; key: string; plan: string }> {
  const plan = newId('request').replace('_', '-');
  const operator = { key: api.operatorKey, method: 'PUT' } as const;
  await api.request({ ...operator, url: `/v1/plans/${plan}`, payload: { quotas } });
  const payload = { name: 'Shop', plan };
  const tenant = await api.request({ ...operator, method: 'POST', url: '/v1/tenants', payload });
  const { id } = tenant.json();
  return { id, plan, key: (await api.createKey(id, scopes)).key };
}

let sent = 0;
function events(count: number) {
  return Array.from({ length: count }, () => {
    sent += 1;
    return { specversion: '1.0', id: String(sent), source: '/s', type: 'cart.updated', data: { total: 1 } };
  });
}

function send(key: string, batch: readonly object[]) {
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  return api.request({ method: 'POST', url: '/v1/events', key, headers, payload: JSON.stringify(batch) });
}

const statusesOf = async (tenantId: Id<'tenant'>, ids: readonly Id<'event'>[]) => {
  const loaded = await api.database.events.load(tenantId, ids);
  const byId = new Map(loaded.map((event) => [event.id, `${event.status} ${event.note ?? ''}`.trim()]));
  return ids.map((id) => byId.get(id));
};

describe('the cap on events in hand', () => {
  it('holds for a tenant that was made a moment ago, not only once all tenants are told again', async () => {
    const { key } = await tenantWith({ concurrentExecutionsMax: 2 });
    expect((await send(key, events(5))).json()).toMatchObject({ held: 0 });
    const fair = openFairQueue({ redisUrl: api.redis.url, prefix: api.redis.prefix });
    await waitFor('the events to be in line', async () => (await fair.stats()).waiting === 5);
    const batches = await fair.dispatch({ jobsMax: 10, eventsMax: 100 });
    expect(batches.flatMap(({ eventIds }) => eventIds)).toHaveLength(2);
    await fair.close();
  });
});

describe('events over quota', () => {
  it('are accepted and held, the last ones first to be, and say which budget is used up', async () => {
    const { id, key } = await tenantWith({ executionsPerMonth: 3 });
    const answer = await send(key, events(5));
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({ duplicates: 0, held: 2 });
    const held = 'held executions_per_month';
    expect(await statusesOf(id, answer.json().ids)).toEqual(['ready', 'ready', 'ready', held, held]);
    const [one] = answer.json().ids.slice(-1);
    const shown = await api.request({ method: 'GET', url: `/v1/events/${one}`, key });
    expect(shown.json()).toMatchObject({ status: 'held', note: 'executions_per_month' });
    expect((await send(key, events(1))).json()).toMatchObject({ held: 1 });
  });

  it('that wait for tomorrow hold up nothing today, and are held where their own minute is full', async () => {
    const { id, key } = await tenantWith({ executionsPerMinute: 3 });
    const tenonnotbefore = new Date(Date.now() + 24 * 3_600_000).toISOString();
    const delayed = () => events(3).map((event) => ({ ...event, tenonnotbefore }));
    expect((await send(key, delayed())).json()).toMatchObject({ held: 0 });
    // They are told from those of now once they are in line, which is a moment after the answer.
    await waitFor('room today', async () => (await send(key, events(1))).json().held === 0);
    expect((await send(key, events(2))).json()).toMatchObject({ held: 0 });
    const mixed = await send(key, [...delayed(), ...events(1)]);
    const held = 'held executions_per_minute';
    expect(await statusesOf(id, mixed.json().ids)).toEqual([held, held, held, held]);
  });

  it('count once however often they are sent', async () => {
    const { key } = await tenantWith({ eventsWaitingMax: 4 });
    const batch = events(3);
    for (let time = 0; time < 5; time += 1) expect((await send(key, batch)).json()).toMatchObject({ held: 0 });
    expect((await send(key, events(2))).json()).toMatchObject({ held: 1 });
  });

  it('that were refused as a whole give their places back', async () => {
    const { key } = await tenantWith({ eventsWaitingMax: 3 });
    for (let time = 0; time < 5; time += 1) {
      const refused = await send(key, [...events(2), { ...events(1)[0], type: 'cart.misspelt' }]);
      expect(refused.statusCode).toBe(422);
    }
    expect((await send(key, events(3))).json()).toMatchObject({ held: 0 });
  });

  it('sent by many at once do not pass the limit', async () => {
    const { id, key } = await tenantWith({ eventsWaitingMax: 10 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => send(key, events(1))));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 202));
    expect(answers.filter((answer) => answer.json().held === 0)).toHaveLength(10);
    const ids = answers.flatMap((answer) => answer.json().ids);
    expect((await statusesOf(id, ids)).filter((status) => status === 'held events_waiting')).toHaveLength(20);
  });

  it('of one tenant hold up nobody else', async () => {
    const [one, other] = [await tenantWith({ executionsPerMinute: 0 }), await tenantWith({})];
    expect((await send(one.key, events(2))).json()).toMatchObject({ held: 2 });
    expect((await send(other.key, events(2))).json()).toMatchObject({ held: 0 });
  });
});
