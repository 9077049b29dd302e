import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import type { Database, TenantTransaction } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import { createWorld, executionOf, newEvent, openTestDatabase, randomHex, type TenantWorld } from './fixture.js';
import { type Attempt, attackerCannot, type Victim } from './isolation-table.js';

let server: TestDatabase;
let database: Database;
let victim: Victim;
let attacker: TenantWorld;
let before: unknown;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  victim = await createVictim();
  attacker = await createWorld(database, 'Mallory');
  before = await everythingOf(victim);
});

afterAll(async () => {
  await database?.close();
  await server?.drop();
});

async function createVictim(): Promise<Victim> {
  const world = await createWorld(database);
  const event = newEvent();
  const [accepted, held] = await database.events.insert(world.tenantId, [event, newEvent({ held: 'quota' })]);
  if (accepted === undefined || held === undefined) throw new Error('no event');
  const execution = executionOf(world, accepted.id);
  await database.recorder.record(world.tenantId, { executions: [execution] });
  const { functionId, versionId } = world;
  const circuit = { functionId, versionId, reason: 'fails', isAgain: false, pauseMs: 1, pauseMsMax: 1 };
  await database.breakers.open(world.tenantId, circuit);
  const userId = await createMember(world.tenantId);
  return database.withTenant(world.tenantId, async (tx) => {
    const hash = Buffer.from(randomHex(), 'hex');
    const key = await tx.keys.create({ name: 'checkout', prefix: 'tnk_a', hash, scopes: ['events:write'] });
    const source = await tx.webhookSources.create({
      name: 'shop',
      scheme: 'standard',
      mapping: { types: {}, fallback: 'cart.updated' },
      secrets: [Buffer.from('sealed')],
    });
    const settings = await tx.settings.add({ functionId: world.functionId, value: '{"percent":1}', by: 'key_test' });
    await tx.deployments.applySettings(world.functionId, settings.id, 'key_test');
    const building = await tx.versions.create({ functionId: world.functionId, sha256: randomHex(), bytes: 1 });
    const invitation = await tx.invitations.create({
      email: 'ada@example.com',
      role: 'owner',
      invitedBy: 'key_test',
      expiresAt: new Date('2100-01-01'),
      tokenHash: Buffer.from(randomHex(), 'hex'),
    });
    await tx.audit.append({ actor: 'system', action: 'test.made', target: 'everything' });
    return {
      ...world,
      event,
      eventId: accepted.id,
      heldEventId: held.id,
      execution,
      keyId: key.id,
      userId,
      invitationId: invitation.id,
      webhookSourceId: source.id,
      buildingVersionId: building.id,
      settingsId: settings.id,
    };
  });
}

async function createMember(tenantId: Id<'tenant'>): Promise<Id<'user'>> {
  return database.asIdentity(async (tx) => {
    const user = await tx.users.create({ email: 'owner@example.com', name: 'Owner', passwordHash: null });
    if (user === null) throw new Error('no user');
    await tx.invitations.join(tenantId, user.id, 'owner');
    return user.id;
  });
}

/** Every row of the victim's, read as the victim: what must not have changed at the end. */
async function everythingOf({ tenantId, functionId, eventId, heldEventId }: Victim): Promise<unknown> {
  const page = { limit: 100 };
  const controlPlane = await database.withTenant(tenantId, async (tx: TenantTransaction) => [
    await tx.tenant.read(),
    await tx.keys.list(page),
    await tx.functions.list(page),
    await tx.versions.list(functionId, page),
    await tx.deployments.list(functionId, page),
    await tx.settings.current(functionId),
    await tx.webhookSources.list(page),
    await tx.members.list(page),
    await tx.invitations.list(page),
    await tx.audit.list(page),
  ]);
  return [
    ...controlPlane,
    (await database.events.load(tenantId, [eventId, heldEventId])).map(({ id, status, note }) => [id, status, note]),
    await database.executions.list(tenantId, page),
    await database.usage.perFunction(tenantId, new Date(0), new Date('2100-01-01')),
  ];
}

/** Names of all methods of an object, those of its ancestors included. */
function methodsOf(repository: object): readonly string[] {
  const names = new Set<string>();
  for (let at = repository; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (name !== 'constructor' && typeof Reflect.get(repository, name) === 'function') names.add(name);
    }
  }
  return [...names].sort();
}

/** `owner.method` of everything that a tenant's request can reach. */
async function reachableMethods(): Promise<readonly string[]> {
  const inTransaction = await database.withTenant(newId('tenant'), async (tx) =>
    Object.entries(tx).flatMap(([name, repository]) =>
      typeof repository === 'object' ? methodsOf(repository).map((method) => `${name}.${method}`) : [],
    ),
  );
  const direct = Object.entries(database).flatMap(([name, repository]) =>
    methodsOf(repository).map((method) => `${name}.${method}`),
  );
  return [...inTransaction, ...direct].sort();
}

describe('reading and writing across tenants', () => {
  test('the table below tries every method of every repository; a new one has to be added', async () => {
    expect(Object.keys(attackerCannot).sort()).toEqual(await reachableMethods());
  });

  const attempts: [string, Attempt][] = Object.entries(attackerCannot).flatMap(([name, attempt]) =>
    typeof attempt === 'string' ? [] : [[name, attempt] satisfies [string, Attempt]],
  );

  test.each(attempts)('%s finds and changes nothing of another tenant', async (_name, attempt) => {
    await attempt({ database, attacker, victim });
  });

  test('after all attempts the victim has exactly what it had', async () => {
    expect(await everythingOf(victim)).toEqual(before);
    expect(await database.auditTrail.verify(victim.tenantId)).toMatchObject({ intact: true });
  });
});
