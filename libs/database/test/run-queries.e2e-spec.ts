import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { executionIdFor, faultSchema, type Id, newId, outcomes as outcomeFacts, outcomeNames } from '@tenon/contracts';
import type { Database, ExecutionFilter, ExecutionRecord, RunStatistics, StatisticsRequest } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import fc from 'fast-check';
import pg from 'pg';
import { HistogramSum } from '../src/pipeline/histogram.js';
import { createWorld, executionOf, openTestDatabase, type TenantWorld } from './fixture.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const seed = 20_261_121;

let server: TestDatabase;
let database: Database;
let world: TenantWorld;
let neighbour: TenantWorld;
let [closedHours, closedDays] = [0, 0];
let runs: readonly ExecutionRecord[];
const now = Date.now();
const versions = [newId('version'), newId('version'), newId('version')];
const outcomes = ['succeeded', 'succeeded', 'succeeded', 'trap', 'deadline', 'internal'] as const;
const logs = ['', '', 'checked 100% of cart_1\n', 'tier A\\B', 'Straße'];

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  world = await createWorld(database);
  neighbour = await createWorld(database, 'Neighbour');
  // With more functions than series, the busiest are asked for first.
  const idle = { name: 'idle', extensionPoint: 'cart.discounts' };
  await database.withTenant(world.tenantId, (tx) => tx.functions.create(idle));
  // As if the last three days had not been added up yet.
  const owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  await owner.query(
    "UPDATE closed_hours SET until = until - interval '70 hours', days_until = days_until - interval '4 days'",
  );
  await owner.end();
  runs = fc.sample(runArbitrary(), { numRuns: 400, seed });
  // The first third is added up by the minute, and half of the open hours are closed behind it; the second comes late to
  // hours that are closed; the last third is not added up at all.
  const third = Math.ceil(runs.length / 3);
  for (const [part, start] of [0, third, 2 * third].entries()) {
    await database.recorder.record(world.tenantId, { executions: runs.slice(start, start + third) });
    await database.recorder.record(neighbour.tenantId, { executions: [executionOf(neighbour)] });
    if (part < 2) await database.maintenance.rollUpUsage(10_000, -2 * minuteMs);
    if (part > 0) continue;
    while (await database.maintenance.closeHour(10 * hourMs)) closedHours += 1;
    while (await database.maintenance.closeDay()) closedDays += 1;
  }
});

afterAll(async () => {
  await database?.close();
  await server?.drop();
});

/** Runs of the last minutes, the last hours and the last month, as few or as many in a minute as chance has it. */
function runArbitrary(): fc.Arbitrary<ExecutionRecord> {
  const age = fc.oneof(
    fc.integer({ min: 0, max: 3 * minuteMs }),
    fc.integer({ min: 0, max: 30 * hourMs }),
    fc.integer({ min: 0, max: 30 * dayMs }),
  );
  return fc
    .record({
      age,
      version: fc.constantFrom(...versions),
      outcome: fc.constantFrom(...outcomes),
      kind: fc.constantFrom('event', 'event', 'event', 'test', 'replay'),
      wallUs: fc.integer({ min: 0, max: 100_000 }),
      instructionsUsed: fc.integer({ min: 1, max: 10_000_000 }),
      log: fc.constantFrom(...logs),
      elsewhere: fc.boolean(),
    })
    .map(({ age: ageMs, version, elsewhere, ...given }) => {
      const eventId = newId('event', now - ageMs);
      const id = executionIdFor(eventId, world.functionId, 1);
      const place = elsewhere ? { functionId: otherFunction, functionName: 'other', extensionPoint: 'other' } : {};
      return executionOf(world, eventId, { id, versionId: version, ...given, ...place } as Partial<ExecutionRecord>);
    });
}

const otherFunction: Id<'function'> = newId('function');

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const time = optional(fc.integer({ min: 0, max: 32 * dayMs }).map((age) => new Date(now - age)));

const filters: fc.Arbitrary<ExecutionFilter> = fc.record({
  functionName: optional(fc.constantFrom('volume-discount', 'nowhere')),
  versionId: optional(fc.constantFrom(...versions)),
  extensionPoint: optional(fc.constant('cart.discounts')),
  outcomes: optional(fc.subarray([...outcomeNames], { minLength: 1 })),
  kind: optional(fc.constantFrom('event', 'test', 'sync')),
  from: time,
  to: time,
  wallUsMin: optional(fc.integer({ min: 0, max: 100_000 })),
  wallUsMax: optional(fc.integer({ min: 0, max: 100_000 })),
  instructionsMin: optional(fc.integer({ min: 0, max: 10_000_000 })),
  log: optional(fc.constantFrom('CART_1', '100%', 'a\\b', 'nothing like it')),
}) as fc.Arbitrary<ExecutionFilter>;

const idTime = (run: ExecutionRecord) => Number.parseInt(timeDigits(run.id.slice(4, 14)), 32);
/** Crockford's digits as those of base 32 that JavaScript reads. */
const timeDigits = (text: string) =>
  [...text].map((digit) => '0123456789abcdefghjkmnpqrstvwxyz'.indexOf(digit).toString(32)).join('');

function fits(filter: ExecutionFilter, run: ExecutionRecord): boolean {
  const { from, to, outcomes: wanted, log } = filter;
  return (
    (filter.functionName === undefined ||
      (filter.functionName === world.functionName && run.functionId === world.functionId)) &&
    (filter.versionId === undefined || run.versionId === filter.versionId) &&
    (filter.extensionPoint === undefined || run.extensionPoint === filter.extensionPoint) &&
    (wanted === undefined || wanted.includes(run.outcome)) &&
    (filter.kind === undefined || run.kind === filter.kind) &&
    (from === undefined || idTime(run) >= from.getTime()) &&
    (to === undefined || idTime(run) < to.getTime()) &&
    run.wallUs >= (filter.wallUsMin ?? 0) &&
    run.wallUs <= (filter.wallUsMax ?? Number.POSITIVE_INFINITY) &&
    run.instructionsUsed >= (filter.instructionsMin ?? 0) &&
    (log === undefined || run.log.toLowerCase().includes(log.toLowerCase()))
  );
}

async function allPages(filter: ExecutionFilter, limit: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 1_000; page += 1) {
    const { items, next } = await database.executions.list(world.tenantId, { ...filter, limit, cursor });
    expect(items.length).toBeLessThanOrEqual(limit);
    ids.push(...items.map((item) => item.id));
    if (next === undefined) return ids;
    cursor = next;
  }
  throw new Error('the list has no end');
}

test('whatever is asked for, all pages together hold every run that fits, newest first, once', async () => {
  await fc.assert(
    fc.asyncProperty(filters, fc.integer({ min: 5, max: 200 }), async (filter, limit) => {
      const expected = runs.filter((run) => fits(filter, run)).map((run) => run.id);
      expect(await allPages(filter, limit)).toEqual(expected.sort().reverse());
    }),
    { numRuns: 120, seed },
  );
});

test('the name of a function that was deleted and made again finds the runs of both, in order', async () => {
  const own = await createWorld(database, 'Again');
  const asked = { functionName: own.functionName, limit: 10 };
  const record = async (functionId: Id<'function'>) => {
    const [eventId] = [newId('event')];
    const run = { ...executionOf(own, eventId), id: executionIdFor(eventId, functionId, 1), functionId };
    await database.recorder.record(own.tenantId, { executions: [run] });
    return run.id;
  };
  const ids = [await record(own.functionId), await record(own.functionId)];
  await database.withTenant(own.tenantId, (tx) => tx.functions.archive(own.functionId));
  const point = { name: own.functionName, extensionPoint: 'cart.discounts' };
  const again = await database.withTenant(own.tenantId, (tx) => tx.functions.create(point));
  ids.push(await record(again.id), await record(again.id));
  const listed = async (filter: ExecutionFilter) =>
    (await database.executions.list(own.tenantId, { ...asked, ...filter })).items.map(({ id }) => id);
  expect(await listed({})).toEqual(ids.sort().reverse());
  expect(await listed({ kind: 'event' })).toEqual(ids);
});

test('hours are closed one by one, those without a run at once', () => {
  expect(closedHours).toBeGreaterThan(2);
  expect(closedHours).toBeLessThan(61);
});

test('days are closed one by one, once all of their hours are', () => {
  expect(closedDays).toBeGreaterThan(1);
  expect(closedDays).toBeLessThan(5);
});

test('each filter alone finds something and leaves something out, so that the test above tells them apart', () => {
  const alone: ExecutionFilter[] = [
    { functionName: world.functionName },
    { versionId: versions[0] },
    { extensionPoint: 'cart.discounts' },
    { outcomes: ['trap'] },
    { kind: 'test' },
    { from: new Date(now - dayMs) },
    { to: new Date(now - dayMs) },
    { wallUsMin: 50_000 },
    { wallUsMax: 50_000 },
    { instructionsMin: 5_000_000 },
    { log: 'CART_1' },
  ];
  for (const filter of alone) {
    const found = runs.filter((run) => fits(filter, run)).length;
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(runs.length);
  }
});

describe('statistics', () => {
  const request = (change: Partial<StatisticsRequest> = {}): StatisticsRequest => ({
    filter: {},
    from: new Date(Math.floor((now - 40 * dayMs) / dayMs) * dayMs),
    to: new Date(Math.ceil((now + 1) / dayMs) * dayMs),
    bucketSeconds: dayMs / 1_000,
    ...change,
  });
  const within = (exact: number) => [exact * 0.95 - 1, exact * 1.05 + 1] as const;

  test.each([
    ['days', dayMs, 40 * dayMs],
    ['hours', hourMs, 40 * dayMs],
    ['quarters of an hour', 15 * minuteMs, 20 * hourMs],
    ['minutes', minuteMs, 20 * hourMs],
  ])('in %s count every run once, whether it was added up already or not', async (_what, bucketMs, spanMs) => {
    const from = new Date(Math.floor((now - spanMs) / bucketMs) * bucketMs);
    const [series] = await database.statistics.read(world.tenantId, request({ from, bucketSeconds: bucketMs / 1_000 }));
    const expected = Map.groupBy(
      runs.filter((run) => idTime(run) >= from.getTime()),
      (run) => Math.floor(idTime(run) / bucketMs) * bucketMs,
    );
    const counted = series?.buckets.map((bucket) => [bucket.start.getTime(), bucket.executions]);
    expect(counted).toEqual(
      [...expected].map(([start, inside]) => [start, inside.length]).sort(([a = 0], [b = 0]) => a - b),
    );
  });

  test('give means and maxima exactly and percentiles closely, for what was asked', async () => {
    const [series] = await database.statistics.read(world.tenantId, request({ filter: { outcomes: ['succeeded'] } }));
    const meant = runs.filter((run) => run.outcome === 'succeeded');
    const walls = meant.map((run) => run.wallUs).sort((a, b) => a - b);
    const exact = (share: number) => walls[Math.ceil(share * walls.length) - 1] ?? Number.NaN;
    const total = series?.total;
    expect(total?.outcomes).toEqual({ succeeded: meant.length });
    expect(total?.wallUs.max).toBe(walls.at(-1));
    expect(total?.wallUs.mean).toBe(Math.round(walls.reduce((sum, wall) => sum + wall, 0) / walls.length));
    for (const [given, share] of [
      [total?.wallUs.p50, 0.5],
      [total?.wallUs.p90, 0.9],
      [total?.wallUs.p99, 0.99],
    ] as const) {
      const [low, high] = within(exact(share));
      expect(given).toBeGreaterThanOrEqual(low);
      expect(given).toBeLessThanOrEqual(high);
    }
  });

  const faults = faultSchema.options.map((fault) => outcomeNames.filter((name) => outcomeFacts[name].fault === fault));
  /** As often left out as not: sums over all versions, kinds and outcomes are other rows than those of one. */
  const often = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 1 });
  const requests: fc.Arbitrary<StatisticsRequest> = fc
    .record({
      filter: fc.record({
        functionName: often(fc.constant('volume-discount')),
        versionId: often(fc.constantFrom(...versions)),
        extensionPoint: often(fc.constant('cart.discounts')),
        outcomes: often(fc.oneof(fc.constantFrom(...faults), fc.subarray([...outcomeNames], { minLength: 1 }))),
        kind: often(fc.constantFrom('event', 'test')),
      }),
      bucketMs: fc.constantFrom(5 * minuteMs, hourMs, 6 * hourMs, dayMs),
      buckets: fc.integer({ min: 1, max: 300 }),
      agoMs: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 31 * dayMs })),
      functionsMax: fc.constantFrom(undefined, 1, 20),
    })
    .map(({ bucketMs, buckets, agoMs, ...asked }) => {
      const to = Math.ceil((now - agoMs) / bucketMs) * bucketMs;
      const span = { from: new Date(to - buckets * bucketMs), to: new Date(to), bucketSeconds: bucketMs / 1_000 };
      return { ...asked, ...span } as StatisticsRequest;
    });

  /** What runs add up to, the way of the histograms: not near to what was read, but the same. */
  function addedUp(same: readonly ExecutionRecord[]): RunStatistics {
    const spread = (values: readonly number[]) => {
      const histogram = new HistogramSum();
      for (const value of values) histogram.add(value);
      const max = Math.max(...values);
      const [p50 = 0, p90 = 0, p99 = 0] = histogram.percentiles([0.5, 0.9, 0.99]).map((value) => Math.min(max, value));
      return { mean: Math.round(values.reduce((sum, value) => sum + value, 0) / values.length), max, p50, p90, p99 };
    };
    return {
      executions: same.length,
      outcomes: Object.fromEntries([...Map.groupBy(same, (run) => run.outcome)].map(([name, of]) => [name, of.length])),
      wallUs: spread(same.map((run) => run.wallUs)),
      instructions: spread(same.map((run) => run.instructionsUsed)),
    };
  }

  test('whatever is asked for, are what the runs that fit add up to, whichever sums were read', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ filter, from, to, bucketSeconds, functionsMax }) => {
        const asked = { filter, from, to, bucketSeconds, functionsMax };
        const meant = runs.filter((run) => fits({ ...filter, from, to }, run));
        // Of functions with as many runs each, the one with the lower id comes first.
        const series = [...Map.groupBy(meant, (run) => (functionsMax === undefined ? undefined : run.functionId))]
          .sort(([a = '', left], [b = '', right]) => right.length - left.length || (a < b ? -1 : 1))
          .slice(0, functionsMax ?? 1);
        const bucketMs = bucketSeconds * 1_000;
        const expected = series.map(([functionId, own]) => ({
          ...(functionId === undefined ? {} : { functionId }),
          total: addedUp(own),
          buckets: [...Map.groupBy(own, (run) => Math.floor(idTime(run) / bucketMs) * bucketMs)]
            .sort(([a], [b]) => a - b)
            .map(([start, inside]) => ({ start: new Date(start), ...addedUp(inside) })),
        }));
        expect(await database.statistics.read(world.tenantId, asked)).toEqual(expected);
      }),
      { numRuns: 250, seed },
    );
  });

  test('per function name each function once, those with most runs first', async () => {
    const series = await database.statistics.read(world.tenantId, request({ functionsMax: 20 }));
    const counts = Map.groupBy(runs, (run) => run.functionId);
    expect(series.map((one) => [one.functionId, one.total.executions])).toEqual(
      [...counts].map(([id, inside]) => [id, inside.length]).sort((a, b) => Number(b[1]) - Number(a[1])),
    );
  });

  test('per function leave all but the busiest out before they are added up', async () => {
    const [all, one] = [
      await database.statistics.read(world.tenantId, request({ functionsMax: 20 })),
      await database.statistics.read(world.tenantId, request({ functionsMax: 1 })),
    ];
    expect(all.length).toBeGreaterThan(1);
    expect(one).toEqual(all.slice(0, 1));
  });

  test('of runs that come late again and again keep their rows short, and count each of them', async () => {
    const own = await createWorld(database, 'Late');
    const dayBefore = now - 3 * dayMs;
    const rounds = 40;
    const late = fc.sample(
      fc.record({
        wallUs: fc.integer({ min: 0, max: 1_000_000_000 }),
        instructionsUsed: fc.integer({ min: 1, max: 10_000_000 }),
        outcome: fc.constantFrom(...outcomeNames),
      }),
      { numRuns: rounds * 50, seed },
    );
    const recorded = late.map((figures) => executionOf(own, newId('event', dayBefore), figures));
    for (let round = 0; round < rounds; round += 1) {
      await database.recorder.record(own.tenantId, { executions: recorded.slice(round * 50, (round + 1) * 50) });
      await database.maintenance.rollUpUsage(10_000, -2 * minuteMs);
    }
    const owner = new pg.Client({ connectionString: server.ownerUrl });
    await owner.connect();
    for (const table of ['execution_minutes', 'execution_hours', 'execution_days', 'chart_sums']) {
      const { rows } = await owner.query(
        `SELECT count(*) AS rows, max(length(wall_histogram)) AS longest FROM ${table} WHERE tenant_id = $1`,
        [own.tenantId],
      );
      expect(Number(rows[0].rows)).toBeGreaterThan(0);
      expect(rows[0].longest).toBeLessThanOrEqual(4_332);
    }
    const texts = await owner.query('SELECT max(length(outcomes)) AS longest FROM chart_sums');
    expect(texts.rows[0].longest).toBeLessThanOrEqual(1_001);
    await owner.end();
    for (const filter of [{}, { kind: 'event' } as const]) {
      const [series] = await database.statistics.read(own.tenantId, request({ filter }));
      expect(series?.total).toEqual(addedUp(recorded));
    }
  });

  test('of a tenant count nobody else', async () => {
    const [series] = await database.statistics.read(neighbour.tenantId, request());
    expect(series?.total.executions).toBe(3);
  });
});
