import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type KnownValues, requestsTo } from './support/arbitrary-requests.js';
import { type DocumentedOperation, type OpenApiDocument, operationsOf } from './support/document.js';
import { emptyRuns, startTestApi, type TestApi } from './support/test-api.js';
import { createWorld, type World } from './support/world.js';

let api: TestApi;
let world: World;
let document: OpenApiDocument;

beforeAll(async () => {
  // A run is answered with the one that is there: what the worker does is not asked here.
  let execution: World['execution'] | undefined;
  api = await startTestApi({
    runs: emptyRuns,
    worker: { testRun: async () => execution ?? Promise.reject(new Error('too early')) },
  });
  world = await createWorld(api, api.databaseUrl);
  execution = world.execution;
  document = (await api.request({ method: 'GET', url: '/openapi.json' })).json();
});
afterAll(() => api.close());

/** The same requests in every run; TENON_FUZZ_RUNS asks that many others of each operation. */
const runs = process.env.TENON_FUZZ_RUNS;
const exploration = runs === undefined ? { numRuns: 10, seed: 20_261_121 } : { numRuns: Number(runs) };
const timeoutMs = runs === undefined ? 120_000 : 3_600_000;

/** Also what streams ends by itself here; what does not answer in this time never will. */
const answerMsMax = 10_000;

/** What takes something away comes last, so that the others meet what is there. */
const removes = /delete|remove|revoke|dismiss|suspend|erase|signOut|logout/i;

/** A stream of events goes on until its reader leaves; the one of a build that is over ends at once. */
function isEndless({ path, operation }: DocumentedOperation): boolean {
  return 'text/event-stream' in (operation.responses['200']?.content ?? {}) && !path.endsWith('/progress');
}

function inOrder(): readonly DocumentedOperation[] {
  const operations = operationsOf(document).filter((target) => !isEndless(target));
  const last = ({ operation, method }: DocumentedOperation) =>
    method === 'delete' || removes.test(operation.operationId);
  return [...operations.filter((target) => !last(target)), ...operations.filter(last)];
}

function knownFor({ path }: DocumentedOperation): KnownValues {
  const kind = path.split('/')[2] ?? '';
  const names: KnownValues = { plans: ['default'], 'extension-points': ['discounts'], functions: ['mine', 'spare'] };
  return {
    name: path.endsWith('/progress') ? ['spare'] : (names[kind] ?? []),
    // Watching a build that goes on does not end by itself.
    version: path.endsWith('/progress') ? [world.spareVersion] : [world.version, world.spareVersion],
    tenant: [world.tenant.id, world.other, world.sleeping],
    key: [world.keyId, world.operatorKeyId],
    user: [world.member, world.operator],
    session: [world.session],
    invitation: [world.invitation, world.operatorInvitation],
    execution: [world.execution],
    event: [world.event],
    source: [world.source],
  };
}

test(
  'whatever it is asked, every operation answers as the document says and never with a failure',
  async () => {
    const failures: string[] = [];
    for (const target of inOrder()) {
      const keys = fc.constantFrom(api.operatorKey, world.tenant.key, world.tenant.key, undefined);
      const property = fc.asyncProperty(requestsTo(document, target, knownFor(target)), keys, async (request, key) => {
        // The test api holds every answer against the document: its status, its media type, its schema, its code.
        const answer = await api.request({ ...request, key });
        const away = answer.statusCode === 503 && target.operation.operationId === 'healthReady';
        if (answer.statusCode >= 500 && !away) throw new Error(`${request.method} ${request.url}: ${answer.body}`);
      });
      // Every operation gets its turn, whatever the one before it did.
      await fc
        .assert(property, { ...exploration, timeout: answerMsMax })
        .catch((error: unknown) => failures.push(String(error)));
    }
    expect(failures).toEqual([]);
  },
  timeoutMs,
);

test('the fuzzing reaches behind the doors: most operations were answered with success at least once', () => {
  const reached = new Set(
    api.logLines
      .map((line): { route?: string; method?: string; status?: number } => JSON.parse(line))
      .filter(({ status = 0 }) => status >= 200 && status < 300)
      .map(({ method, route }) => `${method} ${route}`),
  );
  expect(reached.size).toBeGreaterThan(operationsOf(document).length / 2);
});
