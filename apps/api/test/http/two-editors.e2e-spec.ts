import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Id } from '@tenon/contracts';
import type { Response } from 'light-my-request';
import { finishBuild } from '../support/finish-build.js';
import { plantPerson } from '../support/people.js';
import { putPoint } from '../support/points.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi();
  await putPoint(api, 'edited', []);
});
afterAll(() => api.close());
beforeEach(async () => {
  tenant = await api.createTenant();
});

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
interface Change {
  readonly method: Method;
  readonly url: string;
  readonly payload?: object;
  readonly key?: string;
}

const ask = ({ key = tenant.key, ...rest }: Change, headers: Record<string, string> = {}) =>
  api.request({ ...rest, key, headers });
const post = (url: string, payload: object = {}) => ask({ method: 'POST', url, payload });

async function tagOf(url: string, key = tenant.key): Promise<string> {
  return String((await ask({ method: 'GET', url, key })).headers.etag);
}

/** Two who have seen the same ask at once: one of them does it, the other learns that it was changed. */
async function race(tag: string, first: Change, second: Change): Promise<void> {
  const answers = await Promise.all([first, second].map((change) => ask(change, { 'if-match': tag })));
  const [won, lost] = answers.sort((a, b) => a.statusCode - b.statusCode);
  expect([won?.statusCode, lost?.statusCode, codeOf(lost)]).toEqual([expect.any(Number), 412, 'precondition_failed']);
  expect(won?.statusCode).toBeLessThan(300);
}

const codeOf = (answer: Response | undefined) => answer?.json().code;

async function built(name: string): Promise<Id<'version'>> {
  const uploaded = await api.request({
    method: 'POST',
    url: `/v1/functions/${name}/versions`,
    key: tenant.key,
    headers: { 'content-type': 'application/wasm' },
    payload: Buffer.from('module'),
  });
  const version = uploaded.json().id;
  await finishBuild(api.database, tenant.id, version);
  return version;
}

describe('of two who change one function at once', () => {
  const url = '/v1/functions/mine';
  let versions: readonly Id<'version'>[];
  const activate = (version: Id<'version'> | undefined): Change => ({
    method: 'POST',
    url: `${url}/activate`,
    payload: { version },
  });

  beforeEach(async () => {
    await post('/v1/functions', { name: 'mine', extensionPoint: 'edited' });
    versions = [await built('mine'), await built('mine'), await built('mine')];
    await ask(activate(versions[0]));
  });

  test('one activates', () => tagOf(url).then((tag) => race(tag, activate(versions[1]), activate(versions[2]))));

  test('one rolls back, and no step is taken twice', async () => {
    await ask(activate(versions[1]));
    await ask(activate(versions[2]));
    const rollback: Change = { method: 'POST', url: `${url}/rollback` };
    await race(await tagOf(url), rollback, rollback);
    expect((await ask({ method: 'GET', url })).json().liveVersion).toBe(versions[1]);
  });

  test('one pauses, activates or deletes', async () => {
    const pause: Change = { method: 'POST', url: `${url}/pause` };
    await race(await tagOf(url), pause, activate(versions[1]));
    await post(`${url}/resume`);
    await post(`${url}/pause`);
    await race(await tagOf(url), { method: 'POST', url: `${url}/resume` }, activate(versions[2]));
    await post(`${url}/pause`);
    const stale = await tagOf(url);
    await post(`${url}/resume`);
    await post(`${url}/pause`);
    const refused = await ask({ method: 'DELETE', url }, { 'if-match': stale });
    expect([refused.statusCode, codeOf(refused)]).toEqual([412, 'precondition_failed']);
    expect((await ask({ method: 'DELETE', url }, { 'if-match': await tagOf(url) })).statusCode).toBe(204);
  });
});

test('of two who give a member another role at once, one does', async () => {
  // Whoever wins: an owner who is not the last one may become something else.
  await plantPerson(api, [{ tenantId: tenant.id, role: 'owner' }]);
  const { userId } = await plantPerson(api, [{ tenantId: tenant.id, role: 'viewer' }]);
  const url = `/v1/tenants/${tenant.id}/members/${userId}`;
  const put = (role: string): Change => ({ method: 'PUT', url, payload: { role } });
  await race(await tagOf(url), put('developer'), put('owner'));
  const stale = await tagOf(url);
  const changed = await ask(put('viewer'));
  expect(changed.headers.etag).toBe(await tagOf(url));
  expect((await ask({ method: 'DELETE', url }, { 'if-match': stale })).statusCode).toBe(412);
  expect((await ask({ method: 'DELETE', url }, { 'if-match': String(changed.headers.etag) })).statusCode).toBe(204);
  expect((await ask({ method: 'GET', url })).statusCode).toBe(404);
});

test('of two operators who change one tenant at once, one does', async () => {
  const key = api.operatorKey;
  const url = `/v1/tenants/${tenant.id}`;
  const suspend: Change = { method: 'POST', url: `${url}/suspend`, payload: { reason: 'unpaid' }, key };
  await race(await tagOf(url, key), suspend, { ...suspend, payload: { reason: 'abuse' } });
  const resume: Change = { method: 'POST', url: `${url}/resume`, key };
  await race(await tagOf(url, key), resume, { ...suspend, payload: { reason: 'again' } });
});
