import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyExport } from '@tenon/audit';
import { newId } from '@tenon/contracts';
import pg from 'pg';
import { type RouteCase, routeCases } from './access-table.js';
import { finishBuild } from './support/finish-build.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';
import { createWorld, type World } from './support/world.js';

let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi({ worker: { testRun: async () => newId('execution') } });
  tenant = await api.createTenant('Tea Shop');
});
afterAll(() => api.close());

const get = (url: string, key: string | undefined = tenant.key) => api.request({ method: 'GET', url, key });
const change = (name: string) =>
  api.request({
    method: 'POST',
    url: '/v1/webhook-sources',
    key: tenant.key,
    headers: { 'x-request-id': `req-${name}`, 'user-agent': 'test/1' },
    payload: { name, scheme: 'standard', mapping: {}, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
  });

/** Changes whose record is another one than an audit entry of their request. */
const recordedOtherwise: Readonly<Record<string, string>> = {
  deadLettersReplay: 'nothing is dead here, and where nothing changes nothing is recorded',
  deadLettersDiscard: 'nothing is dead here, and where nothing changes nothing is recorded',
  eventsSend: 'each event ends in an entry of the pipeline',
  eventsRelease: 'each event ends in an entry of the pipeline',
};

/** Routes that can't succeed in this test, and why; a new one has to succeed or be written down. */
const refusedHere: Readonly<Record<string, string>> = {
  deliveriesResend: 'no courier has sent the message, so it is not finished',
  runsRun: 'no worker runs anything here; the worker records the runs and who asked for them',
  replaysReplay: 'no worker records the execution that it answers with; its entry is written before',
  eventsReleaseOne: 'the event is not held',
  deadLettersReplayOne: 'the event is not dead',
  deadLettersDiscardOne: 'the event is not dead',
  versionsTest: 'no worker records the execution that it answers with; its entry is written before',
};

describe('every change that succeeds', () => {
  const unsafe = routeCases.filter(({ method, who }) => method !== 'GET' && (who === 'tenant' || who === 'operator'));

  test.each(unsafe.map((route) => [route.operation, route] as const))(
    '%s leaves an entry',
    async (operation, route) => {
      const world = await preparedWorld();
      const requestId = `walk-${operation}`;
      const answer = await ask(route, world, requestId);
      if (operation in refusedHere) {
        expect(answer.statusCode).toBeGreaterThanOrEqual(400);
        return;
      }
      if (answer.statusCode >= 300) {
        throw new Error(`${operation} was refused, so nobody knows whether it is audited: ${answer.body}`);
      }
      const entries = await entriesOf(requestId, world);
      if (operation in recordedOtherwise) return;
      expect(entries).not.toEqual([]);
      for (const entry of entries) {
        expect(entry.actor).toMatch(/^key_/);
        expect(entry.details.from).toMatchObject({ address: '127.0.0.1' });
      }
    },
  );

  function ask(route: RouteCase, world: World, requestId: string) {
    const payload = route.payload?.(world);
    return api.request({
      method: route.method,
      url: route.url(world),
      key: route.who === 'operator' ? api.operatorKey : world.tenant.key,
      headers: { 'x-request-id': requestId, ...(route.type && { 'content-type': route.type }) },
      ...(payload && { payload }),
    });
  }

  /** A world in which everything can be done: versions that are ready, and one to go back to. */
  async function preparedWorld(): Promise<World> {
    const world = await createWorld(api, api.databaseUrl);
    const { id, key } = world.tenant;
    await finishBuild(api.database, id, world.version);
    const second = await api.request({
      method: 'POST',
      url: '/v1/functions/mine/versions',
      key,
      headers: { 'content-type': 'application/wasm' },
      payload: Buffer.from('another module'),
    });
    await finishBuild(api.database, id, second.json().id);
    for (const version of [world.version, second.json().id]) {
      await api.request({ method: 'POST', url: '/v1/functions/mine/activate', key, payload: { version } });
    }
    return world;
  }

  async function entriesOf(requestId: string, world: World) {
    const own = await get(`/v1/audit?requestId=${requestId}`, world.tenant.key);
    const operators = await get(`/v1/operator/audit?requestId=${requestId}`, api.operatorKey);
    return [...(own.statusCode === 200 ? own.json().items : []), ...operators.json().items];
  }
});

describe('the list', () => {
  test('is narrowed by who, what, to what, when and in which request, and never shows a secret', async () => {
    const created = await change('filters');
    const { id, secret } = created.json();
    const byRequest = (await get('/v1/audit?requestId=req-filters')).json().items;
    expect(byRequest).toHaveLength(1);
    const [entry] = byRequest;
    expect(entry).toMatchObject({ action: 'webhook_source.created', target: id, requestId: 'req-filters' });
    expect(entry.details.from).toEqual({ address: '127.0.0.1', userAgent: 'test/1' });
    const later = new Date(Date.parse(entry.at) + 1).toISOString();
    const same = [`target=${id}`, `actor=${entry.actor}&from=${entry.at}&to=${later}`, 'action=webhook_source.created'];
    for (const query of same) expect((await get(`/v1/audit?${query}`)).json().items).toContainEqual(entry);
    const other = ['target=nothing', 'actor=nobody', 'action=nothing', `from=${later}`, `to=${entry.at}`];
    for (const query of other) expect((await get(`/v1/audit?${query}`)).json().items).not.toContainEqual(entry);
    expect((await get('/v1/audit?limit=200')).body).not.toContain(secret);
  });
});

describe('verifying', () => {
  test('walks over the whole chain, and from where an earlier one ended', async () => {
    await change('a');
    const whole = (await get('/v1/audit/verify')).json();
    expect(whole).toMatchObject({ intact: true, complete: true, verifiedTo: whole.head });
    expect(whole.entries).toBe(whole.head.seq);
    await change('b');
    const rest = (await get(`/v1/audit/verify?after=${whole.head.seq}:${whole.head.hash}`)).json();
    expect(rest).toMatchObject({ intact: true, entries: 1 });
    expect((await get(`/v1/audit/verify?after=1:${'0'.repeat(64)}`)).json()).toMatchObject({ intact: false });
    expect((await get('/v1/audit/verify?after=nonsense')).json().errors[0].pointer).toBe('/query/after');
  });

  test('is done once at a time per chain; whoever comes meanwhile is told to come again', async () => {
    const answers = await Promise.all(Array.from({ length: 3 }, () => get('/v1/audit/verify')));
    const codes = answers.map((answer) => answer.statusCode).sort();
    expect(codes).toEqual([200, 429, 429]);
    expect(answers.find((answer) => answer.statusCode === 429)?.headers['retry-after']).toBeDefined();
    expect((await get('/v1/audit/verify')).statusCode).toBe(200);
  });

  test('names the first entry that somebody changed in Postgres', async () => {
    const victim = await api.createTenant('Victim');
    for (const name of ['a', 'b', 'c']) {
      const payload = { name, scheme: 'standard', mapping: {} };
      await api.request({ method: 'POST', url: '/v1/webhook-sources', key: victim.key, payload });
    }
    const superuser = new pg.Client({ connectionString: api.databaseOwnerUrl });
    await superuser.connect();
    await superuser.query("SET session_replication_role = 'replica'");
    await superuser.query("UPDATE audit_entries SET target = 'other' WHERE chain = $1 AND seq = 2", [victim.id]);
    await superuser.end();
    expect((await get('/v1/audit/verify', victim.key)).json()).toMatchObject({
      intact: false,
      entries: 1,
      firstBreak: { seq: 2, reason: 'altered' },
    });
  });

  test("covers the operator's chain, too", async () => {
    const answer = await get('/v1/operator/audit/verify', api.operatorKey);
    expect(answer.json()).toMatchObject({ intact: true, complete: true });
  });
});

describe('an export', () => {
  test('verifies without the database, says that it was made, and frees its place when it ends', async () => {
    for (const _again of [1, 2]) {
      const answer = await get('/v1/audit/export');
      expect(answer.headers['content-type']).toBe('application/x-ndjson');
      const result = await verifyExport(chunksOf(answer.body));
      expect(result).toMatchObject({ intact: true, header: { chain: tenant.id } });
      expect(result.verifiedTo).toEqual(result.header?.head);
      expect(answer.body.trim().split('\n').at(-1)).toContain('audit.exported');
    }
  });

  test("of the operator's chain is the operator's", async () => {
    const answer = await get('/v1/operator/audit/export', api.operatorKey);
    expect(await verifyExport(chunksOf(answer.body))).toMatchObject({ intact: true, header: { chain: 'operator' } });
    expect((await get('/v1/operator/audit/export')).statusCode).toBe(403);
  });
});

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
