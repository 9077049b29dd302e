import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Id } from '@tenon/contracts';
import type { DeliveryEndpoint, EndpointTerms } from '@tenon/database';
import { StorageError } from '@tenon/storage';
import { newStandardSecret, retryPausesMs } from '@tenon/webhooks';
import pg from 'pg';
import type { Courier } from '../../src/deliveries/courier.js';
import { createDeliveryWorld, type DeliveryWorld, startEndpoint, type TestEndpoint } from './delivery-world.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let world: DeliveryWorld;
let courier: Courier;
const receivers: TestEndpoint[] = [];

beforeAll(async () => {
  world = await createDeliveryWorld();
  courier = world.courier();
});
afterAll(() => world?.close());
afterEach(async () => {
  for (const receiver of receivers.splice(0)) receiver.close();
  const { items } = await world.database.asOperator((tx) => tx.deliveryEndpoints.list({ limit: 200 }));
  await world.database.asOperator(async (tx) => {
    for (const { id } of items) await tx.deliveryEndpoints.delete(id);
  });
});

async function subscribed(terms: Partial<EndpointTerms> = {}) {
  const receiver = await startEndpoint();
  receivers.push(receiver);
  const { endpoint, secret } = await world.addEndpoint(receiver.url, terms);
  receiver.secrets = [secret];
  return { receiver, endpoint };
}

/** Sends what is due at the time of the world's clock. */
async function run(by: Courier = courier): Promise<void> {
  await world.untilOrdered();
  await by.step();
  await by.idle();
}

/** Moves the clock on in steps, with a courier at work at each of them. */
async function pass(totalMs: number, stepMs = minuteMs): Promise<void> {
  for (let passed = 0; passed < totalMs; passed += stepMs) {
    world.clock.nowMs += stepMs;
    await run();
  }
}

const deliveries = async (endpoint: DeliveryEndpoint) =>
  (await world.database.asOperator((tx) => tx.deliveries.list({ limit: 200, endpointId: endpoint.id }))).items;
const endpointNow = (endpoint: DeliveryEndpoint) =>
  world.database.asOperator((tx) => tx.deliveryEndpoints.find(endpoint.id));
const attemptsOf = (id: Id<'delivery'>) => world.database.asOperator((tx) => tx.deliveries.attemptsOf(id));

describe('a result', () => {
  test('arrives once, signed, with what the run did and nothing of its log', async () => {
    const { receiver, endpoint } = await subscribed();
    const [executionId] = await world.record(['cart-1']);
    await run();
    await run();
    expect(receiver.refused).toEqual([]);
    expect(receiver.arrivals).toHaveLength(1);
    const [delivery] = await deliveries(endpoint);
    expect(receiver.arrivals[0]).toMatchObject({
      id: delivery?.id,
      body: {
        type: 'execution.succeeded',
        data: { tenantId: world.tenantId, executionId, outcome: 'succeeded', output: { place: 0, exact: 1.1 } },
      },
    });
    expect(JSON.stringify(receiver.arrivals)).not.toContain('a line that no endpoint gets');
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 1, executionId });
    expect(await attemptsOf(delivery?.id ?? 'dlv_')).toMatchObject([
      { attempt: 1, statusCode: 200, body: 'ok', error: null },
    ]);
  });

  test('goes to the endpoints that asked for it: by point, by type, by outcome', async () => {
    const wanted = [
      await subscribed({ extensionPoints: ['cart.discounts'] }),
      await subscribed({ eventTypes: ['cart.updated'] }),
      await subscribed({ outcomes: 'failed' }),
    ];
    const unwanted = [
      await subscribed({ extensionPoints: ['other'] }),
      await subscribed({ eventTypes: ['order.paid'] }),
      await subscribed({ outcomes: 'succeeded' }),
    ];
    await world.record(['cart-1'], { outcome: 'trap' });
    await run();
    expect(wanted.map(({ receiver }) => receiver.arrivals.length)).toEqual([1, 1, 1]);
    expect(unwanted.map(({ receiver }) => receiver.arrivals.length)).toEqual([0, 0, 0]);
    expect(wanted[0]?.receiver.arrivals[0]?.body).toMatchObject({ type: 'execution.failed', data: { output: null } });
  });

  test.each(['too_large', 'not_found'] as const)(
    'whose output is %s in the storage is told by its hash, and keeps nobody waiting: it was tried for three days',
    async (code) => {
      const { receiver } = await subscribed({ ordering: 'tenant' });
      const storedAs = 'ab'.repeat(32);
      await world.record(['cart-1'], { storedAs });
      await world.record(['cart-2']);
      const reader = world.courier({ read: () => Promise.reject(new StorageError(code, 'as the test says')) });
      await run(reader);
      await run(reader);
      expect(receiver.arrivals.map(({ body: { data } }) => [data.output, data.outputSha256 === storedAs])).toEqual([
        [null, true],
        [{ place: 0, exact: 1.1 }, false],
      ]);
    },
  );

  test('is promised once however often its job is recorded', async () => {
    const { receiver, endpoint } = await subscribed();
    await world.record(['cart-1', 'cart-2']);
    await world.recordAgain();
    expect(await deliveries(endpoint)).toHaveLength(2);
    await run();
    await world.recordAgain();
    await run();
    expect(receiver.arrivals).toHaveLength(2);
  });

  test('is signed with both secrets while one is being replaced', async () => {
    const { receiver, endpoint } = await subscribed();
    const next = newStandardSecret();
    const secrets = [world.sealer.seal(next, endpoint.id), ...endpoint.secrets];
    await world.database.asOperator((tx) => tx.deliveryEndpoints.setSecrets(endpoint.id, secrets));
    receiver.secrets = [next, ...receiver.secrets];
    await world.record(['cart-1']);
    await run();
    expect(receiver.arrivals).toHaveLength(1);
    expect(receiver.refused).toEqual([]);
  });
});

describe('an endpoint that answers 500 for an hour and then works', () => {
  test.each<[EndpointTerms['ordering'], boolean]>([
    ['subject', true],
    ['tenant', true],
    ['none', false],
  ])('gets every delivery once per id, in the order promised (%s)', async (ordering, inOrder) => {
    const { receiver, endpoint } = await subscribed({ ordering });
    const worksAtMs = world.clock.nowMs + hourMs;
    receiver.answer = (response) => {
      response.statusCode = world.clock.nowMs < worksAtMs ? 500 : 200;
      response.end();
    };
    const subjects = Array.from({ length: 24 }, (_, place) => `cart-${place % 3}`);
    const recorded = await world.record(subjects);
    await run();
    await pass(12 * hourMs, 15 * minuteMs);
    const taken = receiver.arrivals.filter(({ status }) => status === 200);
    expect(taken).toHaveLength(recorded.length);
    expect(new Set(taken.map(({ id }) => id)).size).toBe(recorded.length);
    expect((await deliveries(endpoint)).every(({ status }) => status === 'delivered')).toBe(true);
    expect(receiver.arrivals.some(({ status }) => status === 500)).toBe(true);
    expect(receiver.refused).toEqual([]);
    if (inOrder) {
      const key = (place: number) => (ordering === 'tenant' ? 'all' : subjects[place]);
      for (const name of new Set(subjects.map((_subject, place) => key(place)))) {
        const expected = recorded.filter((_id, place) => key(place) === name);
        const got = taken
          .map(({ body }) => body.data.executionId)
          .filter((id) => expected.includes(id as Id<'execution'>));
        expect(got).toEqual(expected);
      }
    }
    expect(await endpointNow(endpoint)).toMatchObject({ failures: 0, openUntil: null });
  });
});

describe('what an answer means', () => {
  test('failures are retried on the schedule until it ends, each attempt kept', async () => {
    const { receiver, endpoint } = await subscribed();
    receiver.answer = (response) => response.writeHead(500).end('x'.repeat(5_000));
    await world.record(['cart-1']);
    await run();
    for (const pauseMs of retryPausesMs) {
      world.clock.nowMs += pauseMs - 1;
      const before = receiver.arrivals.length;
      await run();
      expect(receiver.arrivals.length).toBe(before);
      // The circuit may be open a little longer than the pause.
      world.clock.nowMs += 1 + 16 * minuteMs * (receiver.arrivals.length >= 9 ? 1 : 0);
      await run();
      expect(receiver.arrivals.length).toBe(before + 1);
    }
    const [delivery] = await deliveries(endpoint);
    expect(delivery).toMatchObject({ status: 'failed', attempts: 10 });
    const attempts = await attemptsOf(delivery?.id ?? 'dlv_');
    expect(attempts.map(({ attempt, statusCode, body }) => [attempt, statusCode, body.length])).toEqual(
      Array.from({ length: 10 }, (_, place) => [place + 1, 500, 1_000]),
    );
    expect(new Set(receiver.arrivals.map(({ id }) => id)).size).toBe(1);
  });

  test('410 disables the endpoint: nothing more is sent or promised, until somebody lets it go on', async () => {
    const { receiver, endpoint } = await subscribed();
    receiver.answer = (response) => response.writeHead(410).end();
    await world.record(['cart-1']);
    await run();
    expect(await endpointNow(endpoint)).toMatchObject({
      status: 'disabled',
      statusReason: expect.stringContaining('410'),
    });
    await world.record(['cart-2']);
    await pass(10 * minuteMs);
    expect(receiver.arrivals).toHaveLength(1);
    expect(await deliveries(endpoint)).toMatchObject([{ status: 'failed', attempts: 1 }]);
    receiver.answer = (response) => response.end();
    await world.database.asOperator((tx) => tx.deliveryEndpoints.setStatus(endpoint.id, 'active'));
    await world.record(['cart-3']);
    await run();
    expect(receiver.arrivals).toHaveLength(2);
  });

  test.each([429, 503])('%i says when to come again, for the whole endpoint', async (status) => {
    const { receiver, endpoint } = await subscribed();
    receiver.answer = (response) => response.writeHead(status, { 'retry-after': '600' }).end();
    await world.record(['cart-1']);
    await run();
    await world.record(['cart-2']);
    await pass(9 * minuteMs);
    expect(receiver.arrivals).toHaveLength(1);
    receiver.answer = (response) => response.end();
    await pass(2 * minuteMs);
    expect(receiver.arrivals.map((arrival) => arrival.status)).toEqual([status, 200, 200]);
    expect((await deliveries(endpoint)).every((delivery) => delivery.status === 'delivered')).toBe(true);
  });

  test('messages that fail beside each other open the circuit once: a moment of trouble cost a quarter of an hour', async () => {
    const { receiver, endpoint } = await subscribed();
    receiver.answer = (response) => response.writeHead(500).end();
    await world.record(Array.from({ length: 20 }, (_, place) => `cart-${place}`));
    await run();
    expect(receiver.arrivals).toHaveLength(16);
    expect(await endpointNow(endpoint)).toMatchObject({ openUntil: new Date(world.clock.nowMs + 30_000) });
    receiver.answer = (response) => response.end();
    await pass(30_000, 30_000);
    await pass(10_000, 10_000);
    expect((await deliveries(endpoint)).every(({ status }) => status === 'delivered')).toBe(true);
  });

  test('ten failures in a row open the circuit; then one message at a time is tried', async () => {
    const { receiver, endpoint } = await subscribed();
    receiver.answer = (response) => response.writeHead(500).end();
    await world.record(Array.from({ length: 40 }, (_, place) => `cart-${place}`));
    await run();
    const first = receiver.arrivals.length;
    expect(first).toBe(16);
    expect((await endpointNow(endpoint))?.failures).toBe(10);
    await run();
    expect(receiver.arrivals.length).toBe(first);
    await pass(15 * minuteMs, 15 * minuteMs);
    expect(receiver.arrivals.length).toBe(first + 1);
    receiver.answer = (response) => response.end();
    await pass(16 * minuteMs, 16 * minuteMs);
    expect(receiver.arrivals.filter((arrival) => arrival.status === 200)).toHaveLength(1);
    await pass(2 * hourMs, 30 * minuteMs);
    expect(new Set(receiver.arrivals.filter(({ status }) => status === 200).map(({ id }) => id)).size).toBe(40);
  });

  test('a redirect, a target inside and a host that is not there are failures that say why', async () => {
    const { receiver, endpoint } = await subscribed();
    receiver.answer = (response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    const inside = await world.addEndpoint('http://10.0.0.1/hooks');
    await world.record(['cart-1']);
    await run();
    const attempts = async (of: DeliveryEndpoint) => attemptsOf((await deliveries(of))[0]?.id ?? 'dlv_');
    expect(await attempts(endpoint)).toMatchObject([{ statusCode: 302, error: null }]);
    expect(await attempts(inside.endpoint)).toMatchObject([
      { statusCode: null, error: 'scheme_not_allowed', address: null },
    ]);
  });
});

test('an order waits for a transaction of another database on the server, which has a lower number', async () => {
  const { receiver } = await subscribed({ ordering: 'tenant' });
  const elsewhere = new URL(world.ownerUrl);
  elsewhere.pathname = '/postgres';
  const other = new pg.Client({ connectionString: elsewhere.href });
  await other.connect();
  try {
    await other.query('BEGIN; SELECT pg_current_xact_id()');
    await world.record(['cart-1']);
    await courier.step();
    await courier.idle();
    expect(receiver.arrivals).toHaveLength(0);
    await other.query('COMMIT');
    await run();
    expect(receiver.arrivals).toHaveLength(1);
  } finally {
    await other.end();
  }
});

describe('several couriers', () => {
  test('send each delivery once, and each key in its order', async () => {
    const { receiver, endpoint } = await subscribed({ ordering: 'subject' });
    const subjects = Array.from({ length: 60 }, (_, place) => `cart-${place % 7}`);
    const recorded = await world.record(subjects);
    const crew = [courier, world.courier(), world.courier()];
    for (let round = 0; round < 30; round += 1) await Promise.all(crew.map((one) => run(one)));
    expect(receiver.arrivals).toHaveLength(60);
    expect(new Set(receiver.arrivals.map(({ id }) => id)).size).toBe(60);
    for (const name of new Set(subjects)) {
      const expected = recorded.filter((_id, place) => subjects[place] === name);
      const got = receiver.arrivals.map(({ body }) => body.data.executionId);
      expect(got.filter((id) => expected.includes(id as Id<'execution'>))).toEqual(expected);
    }
    expect((await deliveries(endpoint)).every(({ status }) => status === 'delivered')).toBe(true);
  });

  test('take over what a courier had in hand when it died, with the same id', async () => {
    const { receiver, endpoint } = await subscribed();
    await world.record(['cart-1']);
    const [open] = await world.database.courier.openEndpoints(new Date(world.clock.nowMs));
    if (open === undefined) throw new Error('no endpoint');
    const now = new Date(world.clock.nowMs);
    const { deliveries: taken } = await world.database.courier.claim(open, { now, leaseMs: 60_000, limit: 10 });
    expect(taken).toHaveLength(1);
    await run();
    expect(receiver.arrivals).toHaveLength(0);
    await pass(2 * minuteMs);
    expect(receiver.arrivals.map(({ id }) => id)).toEqual([taken[0]?.id]);
    expect(await deliveries(endpoint)).toMatchObject([{ status: 'delivered', attempts: 2 }]);
  });
});

describe('by hand', () => {
  test('a finished delivery is sent again with its id, behind what waits; all that failed are sent again at once', async () => {
    const { receiver, endpoint } = await subscribed({ ordering: 'tenant' });
    receiver.answer = (response) => response.writeHead(410).end();
    await world.record(['cart-1']);
    await run();
    await world.database.asOperator((tx) => tx.deliveryEndpoints.setStatus(endpoint.id, 'active'));
    receiver.answer = (response) => response.end();
    await world.record(['cart-2']);
    const resent = await world.database.asOperator((tx) =>
      tx.deliveries.resendAll({ endpointId: endpoint.id, status: 'failed' }, 100),
    );
    expect(resent).toHaveLength(1);
    for (let round = 0; round < 4; round += 1) await run();
    const [second, first] = await deliveries(endpoint);
    expect([await attemptsOf(first?.id ?? 'dlv_'), await attemptsOf(second?.id ?? 'dlv_')]).toMatchObject([
      [{ statusCode: 410 }, { error: null, statusCode: 200 }],
      [{ error: null, statusCode: 200 }],
    ]);
    expect(receiver.arrivals.map(({ id }) => id)).toEqual([first?.id, second?.id, first?.id]);
    const again = await world.database.asOperator((tx) => tx.deliveries.resend(second?.id ?? 'dlv_'));
    expect(again).toMatchObject({ status: 'pending', attempts: 0 });
    await run();
    expect(receiver.arrivals.at(-1)?.id).toBe(second?.id);
    expect((await attemptsOf(second?.id ?? 'dlv_')).map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test('a ping arrives, signed', async () => {
    const { receiver, endpoint } = await subscribed({ ordering: 'tenant' });
    const ping = await world.database.asOperator((tx) => tx.deliveries.ping(endpoint.id));
    await run();
    expect(receiver.arrivals).toMatchObject([
      { id: ping.id, body: { type: 'endpoint.ping', data: { endpointId: endpoint.id } } },
    ]);
    expect(receiver.refused).toEqual([]);
  });

  test('a paused endpoint gets nothing and misses nothing', async () => {
    const { receiver, endpoint } = await subscribed();
    await world.database.asOperator((tx) => tx.deliveryEndpoints.setStatus(endpoint.id, 'paused'));
    await world.record(['cart-1']);
    await pass(5 * minuteMs);
    expect(receiver.arrivals).toHaveLength(0);
    await world.database.asOperator((tx) => tx.deliveryEndpoints.setStatus(endpoint.id, 'active'));
    await run();
    expect(receiver.arrivals).toHaveLength(1);
  });
});

test('what is finished for long is forgotten, with its attempts; what is not stays', async () => {
  const { receiver, endpoint } = await subscribed();
  await world.record(['cart-1']);
  await run();
  receiver.answer = (response) => response.writeHead(500).end();
  await world.record(['cart-2']);
  await run();
  const [pending, delivered] = await deliveries(endpoint);
  const later = new Date(world.clock.nowMs + hourMs);
  expect(await world.database.courier.forget(later, 1_000)).toBeGreaterThanOrEqual(1);
  expect((await deliveries(endpoint)).map(({ id }) => id)).toEqual([pending?.id]);
  expect(await attemptsOf(delivered?.id ?? 'dlv_')).toEqual([]);
});

test('no log line carries a secret, what was sent or what was answered', async () => {
  const { receiver } = await subscribed();
  receiver.answer = (response) => response.end('an answer that concerns nobody');
  await world.record(['cart-1']);
  await run();
  const text = world.logLines.join('\n');
  expect(text).toContain('delivery attempted');
  for (const secret of [receiver.secrets[0] ?? 'none', 'an answer that concerns nobody', '"place"', 'v1,']) {
    expect(text).not.toContain(secret);
  }
});
