import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  Database,
  databaseRoles,
  ensureRuntimeLogin,
  type MigrationError,
  migrate,
  PrivilegeError,
  urlWithLogin,
} from '@tenon/database';
import { createTestDatabase, repositoryRoot, type TestDatabase } from '@tenon/testing';
import pg from 'pg';
import { randomHex } from './fixture.js';

let server: TestDatabase;
let folder: string;
const clients: pg.Client[] = [];

beforeEach(async () => {
  server = await createTestDatabase({ migrated: false });
  folder = await mkdtemp(path.join(tmpdir(), 'tenon-migrations-'));
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
  await server.drop();
  await rm(folder, { recursive: true });
});

async function connect(url = server.ownerUrl): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  clients.push(client);
  return client;
}

async function writeMigration(name: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, name), { recursive: true });
  await writeFile(path.join(folder, name, 'migration.sql'), sql);
}

const run = () => migrate({ url: server.ownerUrl, folder });
const refusal = (): Promise<MigrationError> =>
  run().then(
    () => Promise.reject(new Error('expected a refusal')),
    (error: MigrationError) => error,
  );

test('applies what is missing, in order, once', async () => {
  await writeMigration('1_table', 'CREATE TABLE things (id int)');
  expect((await run()).applied).toEqual(['1_table']);
  await writeMigration('2_row', 'INSERT INTO things VALUES (1)');
  expect(await run()).toEqual({ applied: ['2_row'], present: 1 });
  expect(await run()).toEqual({ applied: [], present: 2 });
});

test('several runners at once apply everything once', async () => {
  await writeMigration('1_table', 'CREATE TABLE things (id int); INSERT INTO things VALUES (1)');
  const results = await Promise.all([run(), run(), run(), run()]);
  expect(results.map((result) => result.applied.length).sort()).toEqual([0, 0, 0, 1]);
  const client = await connect();
  expect((await client.query('SELECT * FROM things')).rowCount).toBe(1);
});

test('a migration that was changed after it was applied is refused by name', async () => {
  await writeMigration('1_table', 'CREATE TABLE things (id int)');
  await run();
  await writeMigration('1_table', 'CREATE TABLE things (id bigint)');
  expect(await refusal()).toMatchObject({ code: 'changed', migration: '1_table' });
});

test('a database from a newer version is refused', async () => {
  await writeMigration('1_table', 'CREATE TABLE things (id int)');
  await writeMigration('2_newer', 'SELECT 1');
  await run();
  await rm(path.join(folder, '2_newer'), { recursive: true });
  expect(await refusal()).toMatchObject({ code: 'unknown', migration: '2_newer' });
});

test('a migration that fails leaves nothing behind, names its line, and can be tried again', async () => {
  await writeMigration('1_table', 'CREATE TABLE things (id int);\nINSERT INTO nowhere VALUES (1)');
  const error = await refusal();
  expect(error).toMatchObject({ code: 'failed', migration: '1_table' });
  expect(error.message).toContain('(line 2)');
  const client = await connect();
  expect((await client.query("SELECT to_regclass('things') AS there")).rows).toEqual([{ there: null }]);
  await writeMigration('1_table', 'CREATE TABLE things (id int)');
  expect((await run()).applied).toEqual(['1_table']);
});

test('a migration that another tool left half done is refused until it is resolved', async () => {
  await writeMigration('1_table', 'CREATE TABLE things (id int)');
  await run();
  const client = await connect();
  await client.query("UPDATE _prisma_migrations SET finished_at = NULL, logs = 'disk full'");
  const error = await refusal();
  expect(error).toMatchObject({ code: 'failed_before' });
  expect(error.message).toContain('disk full');
});

test('an owner who is no superuser can migrate, and the processes work under a runtime login', async () => {
  await cp(path.join(repositoryRoot, 'prisma/migrations'), folder, { recursive: true });
  const owner = { user: `owner_${randomHex(4)}`, password: randomHex(8) };
  const runtime = { user: `runtime_${randomHex(4)}`, password: randomHex(8) };
  // Roles belong to the whole server; a migrated database beside this one has made them.
  await (await createTestDatabase()).drop();
  const superuser = await connect();
  await superuser.query(`CREATE ROLE ${owner.user} LOGIN CREATEROLE PASSWORD '${owner.password}'`);
  await superuser.query(`GRANT ${Object.values(databaseRoles).join(', ')} TO ${owner.user} WITH ADMIN OPTION`);
  await superuser.query(`ALTER DATABASE ${server.name} OWNER TO ${owner.user}`);
  const ownerUrl = urlWithLogin(server.ownerUrl, owner);

  await migrate({ url: ownerUrl, folder });
  await ensureRuntimeLogin(ownerUrl, runtime);
  await ensureRuntimeLogin(ownerUrl, runtime);

  const url = urlWithLogin(ownerUrl, runtime);
  const database = await Database.open({ url, applicationName: 'test', uses: ['app', 'recorder', 'scheduler'] });
  try {
    const hash = Buffer.from(randomHex(), 'hex');
    const key = { name: 'first', prefix: 'tno_', hash, scopes: ['functions:read'] } as const;
    const created = await database.asOperator(async (tx) => {
      await tx.audit.append({ actor: 'system', action: 'key.created', target: 'first' });
      return tx.keys.create(key);
    });
    expect(await database.authentication.keyByHash(hash)).toMatchObject({ id: created.id, tenantId: null });
    expect(await database.maintenance.rollUpUsage()).toBe(0);
    expect(await database.maintenance.ensureExecutionPartitions(9)).toBe(2);
    expect(await database.auditTrail.verifyOperator()).toMatchObject({ intact: true, entries: 1 });
  } finally {
    await database.close();
    await superuser.query(`ALTER DATABASE ${server.name} OWNER TO CURRENT_USER`);
    await superuser.query(`REASSIGN OWNED BY ${owner.user} TO CURRENT_USER`);
    await superuser.query(`DROP OWNED BY ${runtime.user}, ${owner.user} CASCADE`);
    await superuser.query(`DROP ROLE ${runtime.user}, ${owner.user}`);
  }
});

test('a superuser is refused as the login of a process, even behind a role', async () => {
  const migrated = await createTestDatabase();
  try {
    const opened = Database.open({ url: migrated.ownerUrl, applicationName: 'test' });
    await expect(opened).rejects.toThrow(PrivilegeError);
  } finally {
    await migrated.drop();
  }
});

test('a login without the group roles cannot connect', async () => {
  const migrated = await createTestDatabase();
  const stranger = { user: `stranger_${randomHex(4)}`, password: randomHex(8) };
  const superuser = await connect();
  await superuser.query(`CREATE ROLE ${stranger.user} LOGIN PASSWORD '${stranger.password}'`);
  try {
    const opened = Database.open({ url: urlWithLogin(migrated.ownerUrl, stranger), applicationName: 'test' });
    await expect(opened).rejects.toThrow(/permission denied to set role "tenon_app"/);
  } finally {
    await superuser.query(`DROP ROLE ${stranger.user}`);
    await migrated.drop();
  }
});
