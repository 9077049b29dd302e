import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AuditRecord, hashOf, linkAfter, toEntry } from '@tenon/audit';
import type { AuditDraft, Database } from '@tenon/database';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import pg from 'pg';
import { createWorld, openTestDatabase, type TenantWorld } from './fixture.js';

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

const draft = (target: string): AuditDraft => ({ actor: 'key_a', action: 'test.done', target, details: { target } });
const append = (...drafts: AuditDraft[]) => database.withTenant(world.tenantId, (tx) => tx.audit.append(...drafts));
const verify = () => database.auditTrail.verify(world.tenantId);

beforeEach(async () => {
  world = await createWorld(database);
  await append(...['a', 'b', 'c', 'd', 'e'].map(draft));
  expect(await verify()).toMatchObject({ intact: true, entries: 5, complete: true });
});

/** What a superuser does with the triggers off; `$1` is the chain. */
async function tamper(...statements: readonly string[]): Promise<void> {
  await superuser.query("SET session_replication_role = 'replica'");
  for (const statement of statements) {
    await superuser.query(statement, statement.includes('$1') ? [world.tenantId] : []);
  }
  await superuser.query("SET session_replication_role = 'origin'");
}

/** The statement that puts `record` in, as a forger who has read our source would write it. */
function insertOf(record: AuditRecord): string {
  const { chain, seq, id, at, actor, action, target, detailsText, prevHash, hash, seal } = record;
  const texts = [chain, seq, id, at, actor, action, target, detailsText, prevHash, hash, seal];
  const values = texts.map((value) => (value === null ? 'NULL' : pg.escapeLiteral(String(value))));
  return `INSERT INTO audit_entries (chain, seq, id, at, actor, action, target, details, prev_hash, hash, seal)
    VALUES (${values.join(',')})`;
}

const headOf = (record: AuditRecord | undefined) =>
  `UPDATE audit_heads SET seq = ${record?.seq}, hash = '${record?.hash}' WHERE chain = '${record?.chain}'`;

const chainNow = async () => {
  const page = await database.withTenant(world.tenantId, (tx) => tx.audit.list({ limit: 50 }));
  return [...page.items].reverse();
};

describe('verifying finds what a superuser did', () => {
  test.each<[string, readonly string[], object]>([
    [
      'a changed field',
      ["UPDATE audit_entries SET actor = 'nobody' WHERE chain = $1 AND seq = 3"],
      { seq: 3, reason: 'altered' },
    ],
    [
      'a changed detail',
      ["UPDATE audit_entries SET details = '{}' WHERE chain = $1 AND seq = 3"],
      { seq: 3, reason: 'altered' },
    ],
    [
      'a changed time',
      ["UPDATE audit_entries SET at = at - interval '1 ms' WHERE chain = $1 AND seq = 3"],
      { seq: 3, reason: 'altered' },
    ],
    [
      'a changed seal',
      ["UPDATE audit_entries SET seal = overlay(seal placing '0000' from 16) WHERE chain = $1 AND seq = 5"],
      { seq: 5, reason: 'forged' },
    ],
    [
      'a removed row',
      ['DELETE FROM audit_entries WHERE chain = $1 AND seq = 3'],
      { seq: 3, reason: 'missing_or_reordered' },
    ],
    [
      'a removed row whose place was filled',
      [
        'DELETE FROM audit_entries WHERE chain = $1 AND seq = 3',
        'UPDATE audit_entries SET seq = seq - 1 WHERE chain = $1 AND seq > 3',
        'UPDATE audit_heads SET seq = 4 WHERE chain = $1',
      ],
      { seq: 3, reason: 'altered' },
    ],
    [
      'a removed beginning',
      ['DELETE FROM audit_entries WHERE chain = $1 AND seq < 3'],
      { seq: 1, reason: 'missing_or_reordered' },
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
      'a truncated tail with the head set back, by the seal that is missing there',
      [
        'DELETE FROM audit_entries WHERE chain = $1 AND seq > 3',
        'UPDATE audit_heads AS h SET seq = 3, hash = e.hash FROM audit_entries AS e WHERE h.chain = $1 AND e.chain = $1 AND e.seq = 3',
      ],
      { seq: 1, reason: 'forged' },
    ],
    ['everything gone', ['DELETE FROM audit_entries WHERE chain = $1'], { seq: 1, reason: 'tail_missing' }],
    [
      'a forged row',
      [
        `INSERT INTO audit_entries SELECT chain, 6, 'aud_x', at, actor, action, target, request_id, details, hash, hash
           FROM audit_entries WHERE chain = $1 AND seq = 5`,
        'UPDATE audit_heads SET seq = 6 WHERE chain = $1',
      ],
      { seq: 6, reason: 'altered' },
    ],
    [
      'a forged row behind a head that was left alone',
      [
        `INSERT INTO audit_entries SELECT chain, 6, 'aud_x', at, actor, action, target, request_id, details, hash, hash
           FROM audit_entries WHERE chain = $1 AND seq = 5`,
      ],
      { seq: 6, reason: 'forged' },
    ],
    [
      'a checkpoint that hides a removed beginning',
      [
        `INSERT INTO audit_checkpoints (chain, seq, hash, at)
           SELECT chain, seq, hash, at FROM audit_entries WHERE chain = $1 AND seq = 2`,
        'DELETE FROM audit_entries WHERE chain = $1 AND seq <= 2',
      ],
      { seq: 3, reason: 'missing_or_reordered' },
    ],
  ])('%s', async (_what, statements, firstBreak) => {
    await tamper(...statements);
    expect(await verify()).toMatchObject({ intact: false, firstBreak, complete: true });
  });

  test('a forged row in the middle, with a correct hash of its own', async () => {
    const [, , third] = await chainNow();
    if (third === undefined) throw new Error('no third entry');
    const forged = { ...third, actor: 'somebody else' };
    const hash = hashOf(toEntry(forged));
    await tamper(`DELETE FROM audit_entries WHERE chain = $1 AND seq = 3`, insertOf({ ...forged, hash }));
    expect(await verify()).toMatchObject({ firstBreak: { seq: 4, reason: 'forged' } });
  });

  test('a forged row at the end that follows every rule, head included, because nobody could seal it', async () => {
    const last = (await chainNow()).at(-1);
    if (last === undefined) throw new Error('no last entry');
    const [forged] = linkAfter(world.tenantId, last, [draft('forged')], { atMs: Date.parse(last.at) });
    if (forged === undefined) throw new Error('no forged entry');
    // With the triggers on: they can't tell it from one of ours.
    await superuser.query(insertOf(forged));
    expect(await verify()).toMatchObject({ firstBreak: { seq: 6, reason: 'forged' } });
  });

  test('a forged row that follows every rule, after Tenon went on appending behind it', async () => {
    const last = (await chainNow()).at(-1);
    if (last === undefined) throw new Error('no last entry');
    const [forged] = linkAfter(world.tenantId, last, [draft('forged')], { atMs: Date.parse(last.at) });
    if (forged === undefined) throw new Error('no forged entry');
    await superuser.query(insertOf(forged));
    await append(draft('f'), draft('g'));
    expect(await verify()).toMatchObject({ firstBreak: { seq: 6, reason: 'forged' } });
  });

  test('a chain that was rewritten as a whole, with its head', async () => {
    const drafts = ['a', 'b', 'other', 'd', 'e'].map(draft);
    const forged = linkAfter(world.tenantId, { seq: 0, hash: '0'.repeat(64) }, drafts, { atMs: Date.now() });
    await tamper('DELETE FROM audit_entries WHERE chain = $1', ...forged.map(insertOf), headOf(forged.at(-1)));
    expect(await verify()).toMatchObject({ firstBreak: { seq: 1, reason: 'forged' } });
  });

  test("a chain that was cut back to an old entry with its own seal, by what the operator's chain recorded", async () => {
    const old = (await chainNow()).at(-1);
    await append(draft('incriminating'));
    expect(await database.auditTrail.anchor(0)).toBeGreaterThan(0);
    await tamper('DELETE FROM audit_entries WHERE chain = $1 AND seq > 5', headOf(old));
    expect(await verify()).toMatchObject({ firstBreak: { seq: 6, reason: 'tail_missing' } });
  });

  test("a chain that was put back from a backup and went on, by what the operator's chain recorded", async () => {
    const old = (await chainNow()).at(-1);
    await append(draft('incriminating'));
    await database.auditTrail.anchor(0);
    await tamper('DELETE FROM audit_entries WHERE chain = $1 AND seq > 5', headOf(old));
    await append(draft('harmless'));
    expect(await verify()).toMatchObject({ firstBreak: { seq: 6, reason: 'forged' } });
  });
});

describe('anchors', () => {
  test('are recorded for chains that grew, once in the time that was asked for', async () => {
    await database.auditTrail.anchor(0);
    expect(await database.auditTrail.anchor(60_000)).toBe(0);
    const { items } = await database.asOperator((tx) => tx.audit.list({ limit: 1, action: 'audit.anchored' }));
    const head = (await chainNow()).at(-1);
    expect(JSON.parse(items[0]?.detailsText ?? '{}').heads[world.tenantId]).toBe(`${head?.seq}:${head?.hash}`);
    expect(await database.auditTrail.verifyOperator()).toMatchObject({ intact: true });
    expect(await verify()).toMatchObject({ intact: true });
  });
});

describe('verifying in parts', () => {
  test('goes on where the part before ended, and says whether there is more', async () => {
    const first = await database.auditTrail.verify(world.tenantId, { entriesMax: 2 });
    expect(first).toMatchObject({ intact: true, entries: 2, complete: false, verifiedTo: { seq: 2 } });
    const rest = await database.auditTrail.verify(world.tenantId, { after: first.verifiedTo });
    expect(rest).toMatchObject({ intact: true, entries: 3, complete: true, head: { seq: 5 } });
  });

  test('from a head that was kept elsewhere knows a rewritten chain, a shortened one and another one', async () => {
    const { verifiedTo } = await verify();
    const drafts = ['a', 'b', 'c', 'd', 'other', 'f'].map(draft);
    const forged = linkAfter(world.tenantId, { seq: 0, hash: '0'.repeat(64) }, drafts, { atMs: Date.now() });
    await tamper('DELETE FROM audit_entries WHERE chain = $1', ...forged.map(insertOf), headOf(forged.at(-1)));
    const after = (seq: number, hash = verifiedTo.hash) =>
      database.auditTrail.verify(world.tenantId, { after: { seq, hash } });
    expect(await after(5)).toMatchObject({ firstBreak: { seq: 6, reason: 'forged' } });
    await tamper('DELETE FROM audit_entries WHERE chain = $1 AND seq > 4', headOf(forged[3]));
    expect(await after(5)).toMatchObject({ firstBreak: { seq: 5, reason: 'tail_missing' } });
  });

  test('ends when whoever asked is gone', async () => {
    const gone = database.auditTrail.verify(world.tenantId, { signal: AbortSignal.abort(new Error('gone')) });
    await expect(gone).rejects.toThrow('gone');
  });
});
