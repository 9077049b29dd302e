import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { scopes } from '@tenon/contracts';
import fc from 'fast-check';
import { type RouteCase, routeCases } from './access-table.js';
import { startTestApi, type TestApi } from './support/test-api.js';
import { createWorld, type World } from './support/world.js';

let api: TestApi;
let world: World;

beforeAll(async () => {
  api = await startTestApi();
  world = await createWorld(api, api.databaseUrl);
});
afterAll(() => api.close());

/** The same questions in every run; TENON_FUZZ_RUNS asks that many others per route. */
const runs = process.env.TENON_FUZZ_RUNS;
const exploration = runs === undefined ? { numRuns: 25, seed: 20_261_121 } : { numRuns: Number(runs) };
const timeoutMs = runs === undefined ? 30_000 : 600_000;

/** Values that have broken parsers before, beside whatever fast-check thinks of. */
const nasty = fc.constantFrom<unknown>(
  null,
  '',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  '9999-12-31T23:59:59-23:59',
  '0000-01-01T00:00:00Z',
  -1,
  1e308,
  Number.MAX_SAFE_INTEGER,
  'x'.repeat(5_000),
  [],
  {},
);
const value = fc.oneof(nasty, fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(...scopes));

/** A body of the route with one member replaced, one removed, or something else altogether. */
function bodyOf(route: RouteCase): fc.Arbitrary<unknown> {
  const sample = route.payload?.(world);
  if (sample === undefined || Buffer.isBuffer(sample)) return value;
  const names = Object.keys(sample);
  const changed = fc.record({ name: fc.constantFrom(...names, 'extra', 'expiresAt', 'time', 'limits'), with: value });
  return fc.oneof(
    { weight: 3, arbitrary: changed.map((change) => ({ ...sample, [change.name]: change.with })) },
    { weight: 1, arbitrary: value },
  );
}

const queryPart = fc.tuple(
  fc.constantFrom('limit', 'cursor', 'from', 'to', 'action', 'function', 'event', 'outcome', 'x'),
  fc.oneof(
    fc.constantFrom('0', '201', '-1', '1e3', '%00', '%ff', '2026-01-01T00:00:00Z', 'a'),
    fc.webQueryParameters(),
  ),
);
const query = fc
  .array(queryPart, { maxLength: 3 })
  .map((parts) => parts.map(([name, text]) => `${name}=${text}`).join('&'));

/** Paths with one segment replaced. */
const segment = fc.oneof(fc.constantFrom('..', '%00', '%2f', '%', 'é', 'x'.repeat(300)), fc.webSegment());

function urlOf(route: RouteCase): fc.Arbitrary<string> {
  const url = route.url(world);
  const parts = url.split('/');
  if (parts.length < 3) return fc.constant(url);
  const place = fc.integer({ min: 2, max: parts.length - 1 });
  const changed = fc.tuple(place, segment).map(([index, text]) => parts.with(index, text).join('/'));
  const path = fc.oneof({ weight: 3, arbitrary: fc.constant(url) }, { weight: 1, arbitrary: changed });
  return fc.tuple(path, query).map(([chosen, text]) => `${chosen}?${text}`);
}

test.each(
  routeCases.filter((route) => route.operation !== 'healthReady').map((route) => [route.operation, route] as const),
)(
  '%s answers whatever it is asked with a documented status below 500',
  async (_operation, route) => {
    const key = route.who === 'operator' ? api.operatorKey : world.tenant.key;
    const types = fc.constantFrom(route.type ?? 'application/json', 'application/json', 'text/plain');
    await fc.assert(
      fc.asyncProperty(urlOf(route), bodyOf(route), types, async (url, body, type) => {
        const hasBody = route.method !== 'GET' && route.method !== 'DELETE';
        const answer = await api.request({
          method: route.method,
          url,
          key,
          ...(hasBody && { payload: JSON.stringify(body), headers: { 'content-type': type } }),
        });
        expect(answer.statusCode).toBeLessThan(500);
      }),
      exploration,
    );
  },
  timeoutMs,
);
