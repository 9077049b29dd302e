import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditDraft, Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import fc from 'fast-check';
import pg from 'pg';
import { createWorld, executionOf, openTestDatabase, type TenantWorld } from './fixture.js';

let server: TestDatabase;
let database: Database;
let superuser: pg.Client;
let world: TenantWorld;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  superuser = new pg.Client({ connectionString: server.ownerUrl });
  await superuser.connect();
});

afterAll(async () => {
  await superuser?.end();
  await database?.close();
  await server?.drop();
});

beforeEach(async () => {
  world = await createWorld(database);
});

const append = (...drafts: AuditDraft[]) => database.withTenant(world.tenantId, (tx) => tx.audit.append(...drafts));
const verify = () => database.auditTrail.verify(world.tenantId);
const draft = (target: string): AuditDraft => ({ actor: 'key_a', action: 'test.done', target, details: { target } });

describe('appending', () => {
  test('many at once to one chain, from transactions and batches, leave one whole chain', async () => {
    const appends = Array.from({ length: 12 }, (_, at) => append(draft(`${at} a`), draft(`${at} b`)));
    const batches = Array.from({ length: 6 }, () =>
      database.recorder.record(world.tenantId, { executions: [executionOf(world)] }),
    );
    await Promise.all([...appends, ...batches]);
    expect(await verify()).toEqual({ intact: true, entries: 30 });
  });

  test('whatever the details hold, the chain verifies after the round trip through Postgres', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), fc.string({ unit: 'binary' }), async (value, text) => {
        await append({
          actor: text,
          action: 'test.done',
          target: text,
          requestId: text,
          details: { value: JSON.parse(JSON.stringify(value)) },
        });
        expect(await verify()).toMatchObject({ intact: true });
      }),
      { numRuns: 50 },
    );
  });

  test('pages run newest first and can be narrowed to one action', async () => {
    await append(...['a', 'b', 'c'].map(draft), { actor: 'x', action: 'other.done', target: 'd' });
    const read = (cursor?: string) =>
      database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 2, cursor, action: 'test.done' }));
    const first = await read();
    expect(first.items.map((entry) => entry.target)).toEqual(['c', 'b']);
    const second = await read(first.next);
    expect(second.items.map((entry) => entry.target)).toEqual(['a']);
    expect(second.next).toBeUndefined();
  });

  test('a chain of more than nine entries is read by number, not by text (1, 10, 2)', async () => {
    await append(...Array.from({ length: 12 }, (_, at) => draft(String(at))));
    const page = await database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 50 }));
    expect(page.items.map((entry) => entry.seq)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await verify()).toEqual({ intact: true, entries: 12 });
  });

  test('the operator has a chain of their own, which no tenant reads', async () => {
    const before = await database.auditTrail.verifyOperator();
    await database.asOperator((tx) => tx.audit.append(draft('plan')));
    const after = await database.auditTrail.verifyOperator();
    expect(after).toEqual({ intact: true, entries: before.entries + 1 });
    expect(await verify()).toEqual({ intact: true, entries: 0 });
  });

  test('nobody can append out of order, not even by hand', async () => {
    await append(draft('a'));
    const insert = `INSERT INTO audit_entries SELECT chain, $2, 'aud_x', at, actor, action, target, request_id, details,
      $3, hash FROM audit_entries WHERE chain = $1 AND seq = 1`;
    const { rows } = await superuser.query('SELECT hash FROM audit_heads WHERE chain = $1', [world.tenantId]);
    for (const [seq, prev] of [
      [3, rows[0].hash],
      [2, '0'.repeat(64)],
    ]) {
      const forged = superuser.query(insert, [world.tenantId, seq, prev]);
      await expect(forged).rejects.toMatchObject({ code: '23000' });
    }
  });

  test.each([
    ['UPDATE', "UPDATE audit_entries SET actor = 'nobody'"],
    ['DELETE', 'DELETE FROM audit_entries'],
    ['TRUNCATE', 'TRUNCATE audit_entries'],
  ])('%s is refused even to the owner', async (_what, statement) => {
    await append(draft('a'));
    await expect(superuser.query(statement)).rejects.toMatchObject({ code: '42501' });
  });
});

describe('verifying finds what a superuser did with the triggers off', () => {
  async function tamper(...statements: string[]): Promise<void> {
    await superuser.query("SET session_replication_role = 'replica'");
    for (const statement of statements) await superuser.query(statement, [world.tenantId]);
    await superuser.query("SET session_replication_role = 'origin'");
  }

  test.each<[string, readonly string[], object]>([
    [
      'a changed field',
      [`UPDATE audit_entries SET actor = 'nobody' WHERE chain = $1 AND seq = 3`],
      { seq: 3, reason: 'altered' },
    ],
    [
      'a changed detail',
      [`UPDATE audit_entries SET details = '{}' WHERE chain = $1 AND seq = 3`],
      { seq: 3, reason: 'altered' },
    ],
    [
      'a removed row',
      ['DELETE FROM audit_entries WHERE chain = $1 AND seq = 3'],
      { seq: 3, reason: 'missing_or_reordered' },
    ],
    [
      'two rows swapped',
      [
        'UPDATE audit_entries SET seq = 100 WHERE chain = $1 AND seq = 2',
        'UPDATE audit_entries SET seq = 2 WHERE chain = $1 AND seq = 3',
        'UPDATE audit_entries SET seq = 3 WHERE chain = $1 AND seq = 100',
      ],
      { seq: 2, reason: 'altered' },
    ],
    [
      'a truncated tail',
      ['DELETE FROM audit_entries WHERE chain = $1 AND seq > 3'],
      { seq: 4, reason: 'tail_missing' },
    ],
    [
      'a forged row',
      [
        `INSERT INTO audit_entries SELECT chain, 6, 'aud_x', at, actor, action, target, request_id, details, hash, hash
           FROM audit_entries WHERE chain = $1 AND seq = 5`,
        'UPDATE audit_heads SET seq = 6 WHERE chain = $1',
      ],
      { seq: 6, reason: 'altered' },
    ],
  ])('%s', async (_what, statements, firstBreak) => {
    await append(...['a', 'b', 'c', 'd', 'e'].map(draft));
    expect(await verify()).toEqual({ intact: true, entries: 5 });
    await tamper(...statements);
    expect(await verify()).toMatchObject({ intact: false, firstBreak });
  });
});
