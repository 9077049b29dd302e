import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import pg from 'pg';
import { appendAsRecorder, recorderPool } from './audit-fixture.js';
import { createWorld, openTestDatabase, type TenantWorld } from './fixture.js';

const dayMs = 86_400_000;

let server: TestDatabase;
let database: Database;
let recorder: pg.Pool;
let superuser: pg.Client;
let world: TenantWorld;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  recorder = recorderPool(server.url);
  superuser = new pg.Client({ connectionString: server.ownerUrl });
  await superuser.connect();
});

afterAll(async () => {
  await recorder?.end();
  await superuser?.end();
  await database?.close();
  await server?.drop();
});

/** Five entries of 60 days ago and two of today. */
beforeEach(async () => {
  world = await createWorld(database);
  await appendAged(60, ['a', 'b', 'c', 'd', 'e']);
  await appendAged(0, ['f', 'g']);
});

function appendAged(ageDays: number, targets: readonly string[]): Promise<void> {
  const drafts = targets.map((target) => ({ actor: 'key_a', action: 'test.done', target }));
  const chain = world.tenantId;
  return appendAsRecorder(recorder, {
    appends: [{ chain, drafts }],
    named: [chain],
    atMs: Date.now() - ageDays * dayMs,
  });
}

const daysAgo = (days: number) => new Date(Date.now() - days * dayMs);
const verify = () => database.auditTrail.verify(world.tenantId);
const targets = async () => {
  const page = await database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 50 }));
  return page.items.map((entry) => entry.target);
};

describe('retention', () => {
  test('removes what is old and leaves a chain that verifies and says what went', async () => {
    expect(await database.maintenance.pruneAudit(daysAgo(40))).toBe(5);
    expect(await targets()).toEqual([world.tenantId, 'g', 'f']);
    expect(await verify()).toMatchObject({ intact: true, entries: 3 });
    expect(await database.maintenance.pruneAudit(daysAgo(40))).toBe(0);
  });

  test('again and again leaves one beginning, which the chain names', async () => {
    world = await createWorld(database);
    for (const ageDays of [90, 60, 0]) await appendAged(ageDays, ['a', 'b']);
    expect(await database.maintenance.pruneAudit(daysAgo(80))).toBe(2);
    expect(await verify()).toMatchObject({ intact: true, entries: 5 });
    // The other worlds of this file lose their old entries, too.
    expect(await database.maintenance.pruneAudit(daysAgo(40))).toBeGreaterThanOrEqual(2);
    expect(await verify()).toMatchObject({ intact: true, entries: 4 });
  });

  test('leads whoever asks from before it to the checkpoint that it left', async () => {
    const { verifiedTo } = await database.auditTrail.verify(world.tenantId, { entriesMax: 2 });
    await database.maintenance.pruneAudit(daysAgo(40));
    const result = await database.auditTrail.verify(world.tenantId, { after: verifiedTo });
    expect(result).toMatchObject({ intact: true, entries: 3 });
    expect((await database.auditTrail.export(world.tenantId, verifiedTo)).header.start.seq).toBe(5);
  });

  test('lets nothing go that is younger than 30 days, whoever asks', async () => {
    await expect(database.maintenance.pruneAudit(daysAgo(0))).rejects.toMatchObject({ code: '42501' });
    expect(await targets()).toHaveLength(7);
    expect(await verify()).toMatchObject({ intact: true, entries: 7 });
    await database.maintenance.pruneAudit(daysAgo(40));
  });

  test('removes nothing that the chain does not name', async () => {
    const client = await recorder.connect();
    await client.query("SELECT set_config('app.tenant_id', $1, false)", [world.tenantId]);
    await expect(client.query('SELECT prune_tenant_audit(2)')).rejects.toMatchObject({ code: '42501' });
    client.release(true);
    expect(await targets()).toHaveLength(7);
    await database.maintenance.pruneAudit(daysAgo(40));
  });

  test('that goes on while the chain is verified does not look like a missing beginning', async () => {
    const [result] = await Promise.all([verify(), database.maintenance.pruneAudit(daysAgo(40))]);
    expect(result).toMatchObject({ intact: true });
  });

  test('leaves rows that are put back before the checkpoint as what they are: forged', async () => {
    await superuser.query('CREATE TEMP TABLE kept AS SELECT * FROM audit_entries WHERE chain = $1', [world.tenantId]);
    await database.maintenance.pruneAudit(daysAgo(40));
    await superuser.query("SET session_replication_role = 'replica'");
    await superuser.query('INSERT INTO audit_entries SELECT * FROM kept WHERE seq = 2');
    await superuser.query("SET session_replication_role = 'origin'");
    await superuser.query('DROP TABLE kept');
    expect(await verify()).toMatchObject({ firstBreak: { seq: 2, reason: 'forged' } });
  });

  test("works for the operator's chain as well", async () => {
    const before = await database.auditTrail.verifyOperator();
    await database.asOperator((tx) => tx.audit.append({ actor: 'system', action: 'test.done', target: 'x' }));
    expect(await database.auditTrail.pruneOperator(daysAgo(40))).toBe(0);
    expect(await database.auditTrail.verifyOperator()).toMatchObject({ intact: true, entries: before.entries + 1 });
  });
});

describe('an export', () => {
  test('of what is left begins at the checkpoint and carries every entry', async () => {
    await database.maintenance.pruneAudit(daysAgo(40));
    const { header, pieces } = await database.auditTrail.export(world.tenantId);
    const records = [];
    for await (const piece of pieces) records.push(...piece);
    expect(header).toMatchObject({
      chain: world.tenantId,
      start: { seq: 5 },
      head: { seq: 8 },
      startsAtCheckpoint: true,
    });
    expect(records.map(({ seq }) => seq)).toEqual([6, 7, 8]);
  });
});
