import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Database, databaseRoles } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import pg from 'pg';
import { createWorld, executionOf, newEvent, openTestDatabase, randomHex, type TenantWorld } from './fixture.js';

/** What Postgres itself refuses, whatever the query forgot: the repositories' own conditions are not in play here. */
let server: TestDatabase;
let database: Database;
let victim: TenantWorld;
let attacker: TenantWorld;
let client: pg.Client;
const bytes = () => Buffer.from(randomHex(), 'hex');

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  victim = await createWorld(database);
  attacker = await createWorld(database, 'Mallory');
  await fill(victim);
  await fillPeople(victim);
  await fillUpkeep(victim);
  client = new pg.Client({ connectionString: server.url });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await database?.close();
  await server?.drop();
});

/** Into the sums by minute, hour and day, the present ones included. */
async function foldEverything(): Promise<void> {
  await database.maintenance.rollUpUsage(10_000, -60_000);
  while (await database.maintenance.closeHour(-86_400_000));
  while (await database.maintenance.closeDay());
}

async function fill({ tenantId, functionId }: TenantWorld): Promise<void> {
  const [, ended] = await database.events.insert(tenantId, [newEvent(), newEvent()]);
  if (ended === undefined) throw new Error('no event');
  await database.recorder.record(tenantId, {
    executions: [],
    doneEvents: [{ id: ended.id, note: 'nothing to do' }],
    pointResults: [
      {
        eventId: ended.id,
        extensionPoint: 'cart.discounts',
        attempt: 1,
        combination: 'all',
        outcome: 'succeeded',
        output: '[]',
        steps: [],
      },
    ],
  });
  for (let round = 0; round < 2; round += 1) {
    await database.recorder.record(tenantId, { executions: [executionOf(victim)] });
    if (round === 0) await foldEverything();
  }
  const opening = { reason: 'trap', isAgain: false, pauseMs: 1, pauseMsMax: 1 };
  await database.breakers.open(tenantId, { functionId: victim.functionId, versionId: victim.versionId, ...opening });
  await database.withTenant(tenantId, async (tx) => {
    await tx.keys.create({ name: 'k', prefix: 'tnk_k', hash: Buffer.from(randomHex(), 'hex'), scopes: [] });
    const secrets = [Buffer.from('sealed')];
    await tx.webhookSources.create({ name: 's', scheme: 'standard', mapping: { types: {} }, secrets });
    await tx.settings.add({ functionId, value: '{}', by: 'key_test' });
  });
}

/** A person who is a member of the victim, and one who is invited. */
async function fillPeople({ tenantId }: TenantWorld): Promise<void> {
  const expiresAt = new Date('2100-01-01');
  await database.asIdentity(async (tx) => {
    const user = await tx.users.create({ email: 'v@example.com', name: 'V', passwordHash: null });
    if (user === null) throw new Error('no user');
    await tx.invitations.join(tenantId, user.id, 'owner');
  });
  await database.withTenant(tenantId, async (tx) => {
    const invitation = { email: 'w@example.com', role: 'viewer', invitedBy: 'key_test' } as const;
    await tx.invitations.create({ ...invitation, tokenHash: bytes(), expiresAt });
  });
}

/** What upkeep and the HTTP layer leave behind, written here as they would write it. */
async function fillUpkeep({ tenantId }: TenantWorld): Promise<void> {
  const owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  try {
    const checkpoint = 'INSERT INTO audit_checkpoints (chain, seq, hash, at) VALUES ($1, 1, $2, now())';
    await owner.query(checkpoint, [tenantId, bytes().toString('hex')]);
    const request = `INSERT INTO idempotency_keys (id, tenant_id, actor, request, claim, lease_until, expires_at)
      VALUES ($1, $2, 'key_test', $3, gen_random_uuid(), now(), now() + interval '1 day')`;
    await owner.query(request, [bytes(), tenantId, bytes()]);
  } finally {
    await owner.end();
  }
}

/** The column that says whose a row is. */
const ownerColumn = {
  api_keys: 'tenant_id',
  audit_checkpoints: 'chain',
  audit_entries: 'chain',
  audit_heads: 'chain',
  chart_sums: 'tenant_id',
  deployments: 'tenant_id',
  event_endings: 'tenant_id',
  event_work: 'tenant_id',
  events: 'tenant_id',
  execution_days: 'tenant_id',
  execution_hours: 'tenant_id',
  execution_minutes: 'tenant_id',
  executions: 'tenant_id',
  function_breakers: 'tenant_id',
  function_settings: 'tenant_id',
  functions: 'tenant_id',
  idempotency_keys: 'tenant_id',
  invitations: 'tenant_id',
  live_generations: 'scope',
  memberships: 'tenant_id',
  point_results: 'tenant_id',
  tenants: 'id',
  usage_deltas: 'tenant_id',
  usage_hours: 'tenant_id',
  versions: 'tenant_id',
  webhook_sources: 'tenant_id',
} as const;
const tables = Object.entries(ownerColumn);

/** Tables that work for a tenant never reads or writes, whosever row it is. */
const closedTables = [
  'deliveries',
  'delivery_attempts',
  'delivery_endpoints',
  'login_throttles',
  'sessions',
  'tenant_erasures',
];

async function asRole<Result>(role: string, tenantId: string | undefined, work: () => Promise<Result>) {
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL ROLE ${role}`);
    if (tenantId !== undefined) await client.query("SELECT set_config('app.tenant_id', $1, true)", [tenantId]);
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

async function countOf(table: string, column: string, owner: string): Promise<number> {
  const { rows } = await client.query(`SELECT count(${column})::int AS found FROM ${table} WHERE ${column} = $1`, [
    owner,
  ]);
  return rows[0].found;
}

test('every table is in a list above, or is the same for all, or has a test of its own', async () => {
  const { rows } = await client.query<{ name: string }>(`
    SELECT c.relname AS name FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace
      AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname NOT IN ('_prisma_migrations', 'closed_hours', 'plans', 'extension_points',
                            'extension_point_versions', 'users') ORDER BY 1`);
  const listed = [...tables.map(([table]) => table), ...closedTables];
  expect(rows.map((row) => row.name)).toEqual(listed.sort());
});

describe.each(closedTables)('%s', (table) => {
  test.each([databaseRoles.app, databaseRoles.recorder])('is closed to %s', async (role) => {
    for (const statement of [`SELECT 1 FROM ${table}`, `DELETE FROM ${table}`, `INSERT INTO ${table} DEFAULT VALUES`]) {
      const touched = asRole(role, victim.tenantId, () => client.query(statement));
      await expect(touched).rejects.toMatchObject({ code: '42501' });
    }
  });
});

test('users shows a tenant the people who belong to it, and nobody else', async () => {
  const emails = async (tenantId?: string) => {
    const { rows } = await asRole(databaseRoles.app, tenantId, () => client.query('SELECT email FROM users'));
    return rows.map((row) => row.email);
  };
  expect(await emails(victim.tenantId)).toEqual(['v@example.com']);
  expect(await emails(attacker.tenantId)).toEqual([]);
  expect(await emails()).toEqual([]);
});

describe.each(tables)('%s', (table, column) => {
  test('shows the victim its rows, and nobody else', async () => {
    const role = databaseRoles.app;
    expect(await asRole(role, victim.tenantId, () => countOf(table, column, victim.tenantId))).toBeGreaterThan(0);
    expect(await asRole(role, attacker.tenantId, () => countOf(table, column, victim.tenantId))).toBe(0);
    expect(await asRole(role, undefined, () => countOf(table, column, victim.tenantId))).toBe(0);
  });

  test.each([databaseRoles.app, databaseRoles.recorder])('takes no row from %s for another tenant', async (role) => {
    const insert = `INSERT INTO ${table} (${column}) VALUES ($1)`;
    const forged = asRole(role, attacker.tenantId, () => client.query(insert, [victim.tenantId]));
    await expect(forged).rejects.toMatchObject({ code: '42501' });
  });

  test('lets no row be moved to another tenant', async () => {
    const update = `UPDATE ${table} SET ${column} = $1`;
    const moved = asRole(databaseRoles.app, attacker.tenantId, () => client.query(update, [victim.tenantId]));
    await expect(moved).rejects.toMatchObject({ code: '42501' });
  });
});

describe('roles', () => {
  test('a login sees nothing before it has taken a role', async () => {
    await expect(client.query('SELECT id FROM tenants')).rejects.toMatchObject({ code: '42501' });
  });

  test('partitions of executions cannot be read around their parent', async () => {
    const read = asRole(databaseRoles.app, victim.tenantId, () => client.query('SELECT id FROM executions_default'));
    await expect(read).rejects.toMatchObject({ code: '42501' });
  });

  test('the operator reads no event, no execution and no function of a tenant', async () => {
    for (const table of ['events', 'executions', 'functions', 'versions', 'webhook_sources', 'usage_hours']) {
      const read = asRole(databaseRoles.operator, victim.tenantId, () => client.query(`SELECT * FROM ${table}`));
      await expect(read).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('the scheduler reads no data of an event', async () => {
    const read = asRole(databaseRoles.scheduler, undefined, () => client.query('SELECT data FROM events'));
    await expect(read).rejects.toMatchObject({ code: '42501' });
  });

  test('a foreign key cannot reach into another tenant', async () => {
    const insert = `INSERT INTO deployments (id, tenant_id, function_id, version_id, reason, by)
      VALUES ('dep_x', $1, $2, $3, 'activate', 'key_m')`;
    const values = [attacker.tenantId, attacker.functionId, victim.versionId];
    const forged = asRole(databaseRoles.app, attacker.tenantId, () => client.query(insert, values));
    await expect(forged).rejects.toMatchObject({ code: '23503' });
  });

  test('a tenant named in one transaction is forgotten in the next one of the connection', async () => {
    await asRole(databaseRoles.app, victim.tenantId, () => countOf('events', 'tenant_id', victim.tenantId));
    const found = await asRole(databaseRoles.app, undefined, () => countOf('events', 'tenant_id', victim.tenantId));
    expect(found).toBe(0);
  });
});
