import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import { waitFor } from '@tenon/testing';
import { finishBuild } from './support/finish-build.js';
import { startTestApi, type TestApi, type TestTenant } from './support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let point: string;
let points = 0;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  tenant = await api.createTenant('Tea Shop');
  points += 1;
  point = `lifecycle-${points}`;
  expect((await putPoint({})).statusCode).toBe(200);
});

const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, key = tenant.key) =>
  api.request({ method, url, key, ...(payload && { payload }) });

const contract = {
  inputSchema: { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] },
  outputSchema: { type: 'object' },
};
const putPoint = (more: object, headers: Record<string, string> = {}) =>
  api.request({
    method: 'PUT',
    url: `/v1/extension-points/${point}`,
    key: api.operatorKey,
    headers,
    payload: { ...contract, ...more },
  });

const create = (name: string) => call('POST', '/v1/functions', { name, extensionPoint: point });

async function upload(name: string, bytes = name): Promise<Id<'version'>> {
  const answer = await api.request({
    method: 'POST',
    url: `/v1/functions/${name}/versions`,
    key: tenant.key,
    headers: { 'content-type': 'application/wasm' },
    payload: Buffer.from(bytes),
  });
  return answer.json().id;
}

async function live(name: string, memoryBytesInitial = 65_536): Promise<Id<'version'>> {
  await create(name);
  const version = await upload(name);
  await finishBuild(api.database, tenant.id, version, memoryBytesInitial);
  expect((await call('POST', `/v1/functions/${name}/activate`, { version })).statusCode).toBe(200);
  return version;
}

const runnable = async () =>
  (await api.database.liveFunctions.byPoint(tenant.id, point)).map((one) => one.functionName);

describe('a change of an extension point', () => {
  const stricter = { inputSchema: { ...contract.inputSchema, required: ['total', 'currency'] } };

  test('that live functions may not stand is refused and names them, until a reason is given', async () => {
    await live('mine');
    const refused = await putPoint(stricter);
    expect(refused.statusCode).toBe(409);
    expect(refused.json()).toMatchObject({
      code: 'incompatible_change',
      detail: expect.stringContaining(`mine of ${tenant.id}`),
      errors: expect.arrayContaining([expect.objectContaining({ pointer: '/body/inputSchema/required' })]),
    });
    const shown = await call('GET', `/v1/extension-points/${point}`);
    expect(shown.json().version).toBe(1);
    const forced = await putPoint({ ...stricter, force: { reason: 'agreed with the shop' } });
    expect(forced.json()).toMatchObject({ version: 2 });
    const history = `/v1/extension-points/${point}/versions`;
    const [last] = (await call('GET', history, undefined, api.operatorKey)).json().items;
    expect(last).toMatchObject({
      version: 2,
      forcedReason: 'agreed with the shop',
      by: expect.stringMatching(/^key_/),
    });
    const seenByTenant = (await call('GET', history)).json().items;
    expect(seenByTenant.map((item: { version: number }) => item.version)).toEqual([2, 1]);
    expect(JSON.stringify(seenByTenant)).not.toMatch(/forcedReason|"by"/);
  });

  test('goes through where nothing is live, and where it breaks nobody', async () => {
    await create('idle');
    expect((await putPoint(stricter)).statusCode).toBe(200);
    expect((await putPoint({})).statusCode).toBe(200);
    await live('mine');
    const described = { inputSchema: { ...contract.inputSchema, description: 'a cart' } };
    expect((await putPoint(described)).json().version).toBe(4);
  });

  test('that leaves live functions less memory than they begin with is refused and names them', async () => {
    expect((await putPoint({ limits: { memoryBytesMax: 1_000_000 } })).statusCode).toBe(200);
    await live('small');
    // The report of every build here says that it begins with 65,536 bytes: exactly that is enough.
    expect((await putPoint({ limits: { memoryBytesMax: 65_536 } })).statusCode).toBe(200);
    await live('large', 131_072);
    expect((await putPoint({ limits: { memoryBytesMax: 131_072 } })).statusCode).toBe(200);
    const less = { limits: { memoryBytesMax: 100_000 } };
    const refused = await putPoint(less);
    expect([refused.statusCode, refused.json()]).toEqual([
      409,
      expect.objectContaining({
        code: 'incompatible_change',
        detail: expect.stringMatching(`1 live functions: large of ${tenant.id}\\.`),
        errors: [expect.objectContaining({ pointer: '/body/limits/memoryBytesMax' })],
      }),
    ]);
    expect((await putPoint({ ...less, force: { reason: 'agreed' } })).statusCode).toBe(200);
  });

  test('that changes nothing makes no version', async () => {
    expect((await putPoint({})).json().version).toBe(1);
    expect((await putPoint({ combination: 'pipeline' })).json()).toMatchObject({ version: 2, combination: 'pipeline' });
  });

  test('of somebody who did not see the last one is refused', async () => {
    const { headers } = await call('GET', `/v1/extension-points/${point}`);
    const seen = { 'if-match': String(headers.etag) };
    expect((await putPoint({ mode: 'sync' }, seen)).statusCode).toBe(200);
    expect((await putPoint({ mode: 'async' }, seen)).json().code).toBe('precondition_failed');
  });
});

describe('functions on one point', () => {
  const url = () => `/v1/extension-points/${point}/functions`;

  test('run in the order in which they were created, until it is changed', async () => {
    for (const name of ['one', 'two', 'three']) await live(name);
    expect(await runnable()).toEqual(['one', 'two', 'three']);
    const put = await call('PUT', url(), { functions: ['three', 'one', 'two'] });
    expect(put.json().functions.map((found: { name: string }) => found.name)).toEqual(['three', 'one', 'two']);
    expect(await runnable()).toEqual(['three', 'one', 'two']);
    await live('four');
    expect(await runnable()).toEqual(['three', 'one', 'two', 'four']);
    const audit = await call('GET', '/v1/audit?action=extension_point.functions_ordered');
    expect(audit.json().items[0].details).toMatchObject({
      before: ['one', 'two', 'three'],
      after: ['three', 'one', 'two'],
    });
  });

  test('have to be named all of them, each once', async () => {
    for (const name of ['one', 'two']) await create(name);
    const wrong = await call('PUT', url(), { functions: ['one', 'one', 'none'] });
    expect(wrong.statusCode).toBe(400);
    expect(wrong.json().errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/body/functions/1',
      '/body/functions/2',
      '/body/functions',
    ]);
  });
});

describe('a pause', () => {
  test('keeps a function from running and ends with its resumption', async () => {
    const version = await live('mine');
    const paused = await call('POST', '/v1/functions/mine/pause');
    expect(paused.json()).toMatchObject({ liveVersion: version, pausedAt: expect.any(String) });
    expect((await call('POST', '/v1/functions/mine/pause')).json().pausedAt).toBe(paused.json().pausedAt);
    expect(await runnable()).toEqual([]);
    expect((await call('POST', '/v1/functions/mine/resume')).json().pausedAt).toBeNull();
    expect(await runnable()).toEqual(['mine']);
  });
});

describe('deleting', () => {
  test('a function that runs is refused; paused, it goes, and its name is free again', async () => {
    await live('mine');
    expect((await call('DELETE', '/v1/functions/mine')).json().code).toBe('function_live');
    await call('POST', '/v1/functions/mine/pause');
    expect((await call('DELETE', '/v1/functions/mine')).statusCode).toBe(204);
    expect((await call('GET', '/v1/functions/mine')).statusCode).toBe(404);
    expect((await call('GET', '/v1/functions')).json().items).toEqual([]);
    expect(await runnable()).toEqual([]);
    expect((await create('mine')).statusCode).toBe(201);
    expect((await call('GET', '/v1/functions/mine/versions')).json().items).toEqual([]);
    expect((await putPoint({ outputSchema: { type: 'array' } })).statusCode).toBe(200);
  });

  test('a version that is live is refused, another one goes, and a rollback passes over it', async () => {
    const first = await live('mine');
    const [second, third] = [await upload('mine', 'second'), await upload('mine', 'third')];
    for (const version of [second, third]) {
      await finishBuild(api.database, tenant.id, version);
      await call('POST', '/v1/functions/mine/activate', { version });
    }
    expect((await call('DELETE', `/v1/functions/mine/versions/${third}`)).json().code).toBe('function_live');
    expect((await call('DELETE', `/v1/functions/mine/versions/${second}`)).statusCode).toBe(204);
    expect((await call('GET', `/v1/functions/mine/versions/${second}`)).statusCode).toBe(404);
    expect((await call('POST', '/v1/functions/mine/activate', { version: second })).statusCode).toBe(404);
    expect((await call('POST', '/v1/functions/mine/rollback')).json().version).toBe(first);
    const history = (await call('GET', '/v1/functions/mine/deployments')).json().items;
    expect(history.map((item: { reason: string }) => item.reason)).toEqual([
      'rollback',
      'activate',
      'activate',
      'activate',
    ]);
  });

  test('a version that is being built ends its build', async () => {
    await create('mine');
    const version = await upload('mine');
    expect((await call('DELETE', `/v1/functions/mine/versions/${version}`)).statusCode).toBe(204);
    expect(await api.database.withTenant(tenant.id, (tx) => tx.versions.startBuild(version))).toBeNull();
  });
});

describe('settings', () => {
  const url = '/v1/functions/mine/settings';
  const schema = {
    type: 'object',
    properties: { percent: { type: 'number', maximum: 50 } },
    required: ['percent'],
    additionalProperties: false,
  };
  const settingsOf = async () => (await api.database.liveFunctions.byPoint(tenant.id, point))[0]?.settings;

  test('reach what is live as one text, whoever wrote their members in which order', async () => {
    await live('mine');
    expect((await call('GET', url)).json()).toMatchObject({ id: null, value: null, schema: null });
    const put = await call('PUT', url, { value: { b: 1, a: 'x' } });
    expect(put.json()).toMatchObject({ value: { a: 'x', b: 1 }, id: expect.stringMatching(/^set_/) });
    expect(await settingsOf()).toBe('{"a":"x","b":1}');
    expect((await call('PUT', url, { value: { a: 'x', b: 1 } })).json().id).toBe(put.json().id);
  });

  test('come back with a rollback, and go on with the next version', async () => {
    const first = await live('mine');
    await call('PUT', url, { value: { percent: 1 } });
    await call('PUT', url, { value: { percent: 2 } });
    const rolledBack = await call('POST', '/v1/functions/mine/rollback');
    expect(rolledBack.json()).toMatchObject({ version: first, reason: 'rollback' });
    expect(await settingsOf()).toBe('{"percent":1}');
    const second = await upload('mine', 'second');
    await finishBuild(api.database, tenant.id, second);
    await call('POST', '/v1/functions/mine/activate', { version: second });
    expect(await settingsOf()).toBe('{"percent":1}');
  });

  test('have to fit the schema of the version, which is fixed once it was live', async () => {
    await live('mine');
    const version = await upload('mine', 'second');
    const put = (value: object) => call('PUT', `/v1/functions/mine/versions/${version}/settings-schema`, value);
    expect((await put({ schema })).json().code).toBe('version_not_ready');
    await finishBuild(api.database, tenant.id, version);
    expect((await put({ schema: { $ref: 'https://example.com' } })).json().code).toBe('invalid_schema');
    expect((await put({ schema })).json()).toMatchObject({ settingsSchema: schema, settingsSchemaOrigin: 'upload' });
    const missing = await call('POST', '/v1/functions/mine/activate', { version });
    expect(missing.json()).toMatchObject({ code: 'invalid_settings', errors: [{ pointer: '/body/settings' }] });
    const together = await call('POST', '/v1/functions/mine/activate', { version, settings: { percent: 10 } });
    expect(together.statusCode).toBe(200);
    expect(await settingsOf()).toBe('{"percent":10}');
    const tooMuch = await call('PUT', url, { value: { percent: 51 } });
    expect(tooMuch.json()).toMatchObject({ code: 'invalid_settings', errors: [{ pointer: '/body/value/percent' }] });
    expect((await put({ schema: {} })).json().code).toBe('settings_schema_fixed');
  });

  test('are bounded and no place for two people at once', async () => {
    await live('mine');
    const large = await call('PUT', url, { value: { text: 'x'.repeat(16_000) } });
    expect(large.statusCode).toBe(413);
    const { headers } = await call('GET', url);
    const put = (percent: number) =>
      api.request({
        method: 'PUT',
        url,
        key: tenant.key,
        headers: { 'if-match': String(headers.etag) },
        payload: { value: { percent } },
      });
    const answers = await Promise.all([put(1), put(2)]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412]);
  });

  test('are named in the audit log by their hash only', async () => {
    await live('mine');
    await call('PUT', url, { value: { token: 'very-private' } });
    const audit = await call('GET', '/v1/audit?action=function.settings_changed');
    expect(audit.json().items[0].details.after.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(audit.body).not.toContain('very-private');
  });
});

describe('a function that failed over and over', () => {
  const open = async (versionId: Id<'version'>) => {
    const functionId = (await call('GET', '/v1/functions/mine')).json().id;
    const opening = {
      functionId,
      versionId,
      reason: '50 failures in a row',
      isAgain: false,
      pauseMs: 60_000,
      pauseMsMax: 60_000,
    };
    await api.database.breakers.open(tenant.id, opening);
  };
  const circuit = async () => (await call('GET', '/v1/functions/mine')).json().circuit;

  test('says why it is not run, since when and when it is tried again, in lists as well', async () => {
    const version = await live('mine');
    expect(await circuit()).toBeNull();
    await open(version);
    const shown = await circuit();
    expect(shown).toMatchObject({ reason: '50 failures in a row' });
    expect(Date.parse(shown.triedAgainAt) - Date.parse(shown.openedAt)).toBe(60_000);
    expect((await call('GET', '/v1/functions')).json().items[0].circuit).toEqual(shown);
    expect((await call('GET', `/v1/extension-points/${point}/functions`)).json().functions[0].circuit).toEqual(shown);
  });

  test('is held back in the version that failed only', async () => {
    await live('mine');
    const next = await upload('mine', 'next');
    await finishBuild(api.database, tenant.id, next);
    await open(next);
    expect(await circuit()).toBeNull();
    await call('POST', '/v1/functions/mine/activate', { version: next });
    expect(await circuit()).toMatchObject({ reason: '50 failures in a row' });
  });

  test('is run again at once by whoever resumes it, and the audit says who', async () => {
    await open(await live('mine'));
    expect((await call('POST', '/v1/functions/mine/resume')).json().circuit).toBeNull();
    expect(await circuit()).toBeNull();
    const audit = await call('GET', '/v1/audit?action=function.circuit_closed');
    expect(audit.json().items).toMatchObject([{ actor: expect.stringMatching(/^key_/) }]);
    await call('POST', '/v1/functions/mine/resume');
    expect((await call('GET', '/v1/audit?action=function.circuit_closed')).json().items).toHaveLength(1);
  });
});

describe('the progress of a build', () => {
  const eventsIn = (text: string) =>
    [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].map(([, name, data = '']) => ({ name, ...JSON.parse(data) }));

  test('is told until it ends', async () => {
    await create('mine');
    const version = await upload('mine');
    const stream = call('GET', `/v1/functions/mine/versions/${version}/progress`);
    await api.database.withTenant(tenant.id, (tx) => tx.versions.startBuild(version));
    await finishBuild(api.database, tenant.id, version);
    const answer = await stream;
    expect(answer.headers['content-type']).toBe('text/event-stream');
    const events = eventsIn(answer.body);
    expect(events.at(-1)).toMatchObject({ name: 'end', version, status: 'ready', stage: 'ended', attempts: 1 });
  });

  test('of a build that has ended is one event', async () => {
    await create('mine');
    const version = await upload('mine');
    await finishBuild(api.database, tenant.id, version);
    const { body } = await call('GET', `/v1/functions/mine/versions/${version}/progress`);
    expect(eventsIn(body)).toMatchObject([{ name: 'end', status: 'ready' }]);
  });

  test('is bounded: a tenant watches ten builds at once, and a place is free again when one ends', async () => {
    await create('mine');
    const version = await upload('mine');
    const url = `/v1/functions/mine/versions/${version}/progress`;
    const refused: unknown[] = [];
    const streams = Array.from({ length: 11 }, async () => {
      const answer = await call('GET', url);
      if (answer.statusCode === 429) refused.push(answer.json().code);
      return answer.statusCode;
    });
    await waitFor('the one too many to be refused', async () => refused.length > 0);
    await finishBuild(api.database, tenant.id, version);
    expect((await Promise.all(streams)).sort()).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
    expect((await call('GET', url)).statusCode).toBe(200);
  });

  test('of a version that is not there is not found', async () => {
    await create('mine');
    expect((await call('GET', `/v1/functions/mine/versions/${newId('version')}/progress`)).statusCode).toBe(404);
  });
});
