import { randomBytes } from 'node:crypto';
import { type Id, mintApiKey, newId, scopes } from '@tenon/contracts';
import { Database } from '@tenon/database';
import { finishBuild } from './finish-build.js';
import { plantPerson } from './people.js';
import { putPoint } from './points.js';
import type { TestApi, TestTenant } from './test-api.js';

/** A tenant that has one of everything. */
export interface World {
  readonly tenant: TestTenant;
  readonly keyId: Id<'key'>;
  readonly version: Id<'version'>;
  /** Of the function `spare`, which nothing else needs; its build has ended. */
  readonly spareVersion: Id<'version'>;
  readonly execution: Id<'execution'>;
  readonly event: Id<'event'>;
  readonly source: Id<'webhookSource'>;
  /** The operator's, with a message that nobody has sent yet. */
  readonly endpoint: Id<'deliveryEndpoint'>;
  readonly delivery: Id<'delivery'>;
  /** A viewer of the tenant, and a session of theirs. */
  readonly member: Id<'user'>;
  readonly session: Id<'session'>;
  readonly invitation: Id<'invitation'>;
  /** A tenant beside it, and one that is suspended. */
  readonly other: Id<'tenant'>;
  readonly sleeping: Id<'tenant'>;
  readonly operator: Id<'user'>;
  readonly operatorInvitation: Id<'invitation'>;
  readonly operatorKeyId: Id<'key'>;
}

export async function createWorld(api: TestApi, databaseUrl: string): Promise<World> {
  const tenant = await api.createTenant('The one that is attacked');
  await putPoint(api, 'discounts', ['cart.updated']);
  await putPoint(api, 'unused', []);
  const { key } = tenant;
  const post = async (url: string, payload: object) => {
    const answer = await api.request({ method: 'POST', url, key, payload });
    if (answer.statusCode >= 300) throw new Error(answer.body);
    return answer.json();
  };
  const created = await post('/v1/functions', { name: 'mine', extensionPoint: 'discounts' });
  const mapping = { fallback: 'cart.updated' };
  const source = await post('/v1/webhook-sources', { name: 'mine', scheme: 'standard', mapping });
  await post('/v1/functions', { name: 'spare', extensionPoint: 'discounts' });
  const upload = async (name: string): Promise<Id<'version'>> => {
    const uploaded = await api.request({
      method: 'POST',
      url: `/v1/functions/${name}/versions`,
      key,
      headers: { 'content-type': 'application/wasm' },
      payload: Buffer.from('module'),
    });
    return uploaded.json().id;
  };
  const version = await upload('mine');
  const spareVersion = await upload('spare');
  // A build that is over, so that watching it is over, too.
  await finishBuild(api.database, tenant.id, spareVersion);
  const data = { total: 1 };
  const sent = await post('/v1/events', { specversion: '1.0', id: '1', source: '/s', type: 'cart.updated', data });
  const { id: keyId } = await api.createKey(tenant.id, ['functions:read']);
  const execution = await recordExecution(databaseUrl, tenant.id, created.id, version);
  const own = { tenant, keyId, version, spareVersion, execution, event: sent.ids[0], source: source.id };
  const around = { ...(await createSurroundings(api)), ...(await pingedEndpoint(api)) };
  return { ...own, ...(await createPeople(api, tenant.id)), ...around };
}

async function createPeople(api: TestApi, tenantId: Id<'tenant'>) {
  const { userId: member, sessionId: session } = await plantPerson(api, [{ tenantId, role: 'viewer' }]);
  const { id: invitation } = await api.database.withTenant(tenantId, (tx) => {
    return tx.invitations.create({ ...newInvitation(), role: 'viewer' });
  });
  return { member, session, invitation };
}

async function createSurroundings(api: TestApi) {
  const { userId: operator } = await plantPerson(api, [], { operator: true });
  return api.database.asOperator(async (tx) => {
    const { id: other } = await tx.tenants.create({ name: 'Another', plan: 'default' });
    const { id: sleeping } = await tx.tenants.create({ name: 'One that sleeps', plan: 'default' });
    await tx.tenants.setStatus(sleeping, 'suspended');
    const { hash, prefix } = mintApiKey('operator');
    const { id: operatorKeyId } = await tx.keys.create({ name: 'x', prefix, hash, scopes });
    const { id: operatorInvitation } = await tx.invitations.create({ ...newInvitation(), role: 'operator' });
    return { operator, other, sleeping, operatorKeyId, operatorInvitation };
  });
}

function newInvitation() {
  const expiresAt = new Date(Date.now() + 60_000);
  return { email: 'invited@example.com', invitedBy: 'key_test', expiresAt, tokenHash: randomBytes(32) };
}

/** One endpoint serves every world of a test: there may only be so many. */
async function pingedEndpoint(api: TestApi) {
  const key = api.operatorKey;
  const listed = await api.request({ method: 'GET', url: '/v1/delivery-endpoints?limit=1', key });
  const payload = { name: 'test', url: 'https://hooks.example.com/tenon' };
  const { id } =
    listed.json().items[0] ??
    (await api.request({ method: 'POST', url: '/v1/delivery-endpoints', key, payload })).json();
  const ping = await api.request({ method: 'POST', url: `/v1/delivery-endpoints/${id}/ping`, key });
  return { endpoint: id as Id<'deliveryEndpoint'>, delivery: ping.json().id as Id<'delivery'> };
}

async function recordExecution(
  url: string,
  tenantId: Id<'tenant'>,
  functionId: Id<'function'>,
  versionId: Id<'version'>,
): Promise<Id<'execution'>> {
  const database = await Database.open({ url, applicationName: 'api-test-recorder', uses: ['recorder'] });
  const id = newId('execution');
  const run = { functionId, functionName: 'mine', versionId, extensionPoint: 'discounts', attempt: 1 };
  const result = {
    outcome: 'succeeded',
    message: 'The function returned an output.',
    output: '{"discount":5}',
  } as const;
  const used = { instructionsUsed: 1_200, fuelUsed: 1_300, memoryBytesPeak: 65_536, cpuUs: 40, wallUs: 55 };
  const times = { clockMs: 1_795_000_000_000, startedAt: new Date() };
  await database.recorder.record(tenantId, {
    executions: [
      {
        id,
        kind: 'test',
        ...run,
        ...result,
        ...used,
        ...times,
        input: '{"total":1}',
        log: 'hello',
        logBytesDropped: 0,
        seed: '0'.repeat(64),
      },
    ],
  });
  await database.close();
  return id;
}
