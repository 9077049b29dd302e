import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { repositoryRoot } from './repository.js';

/** Throw-away servers only, so the password need not be a secret. */
export const runtimeLogin = { user: 'tenon_test_runtime', password: 'tenon-test-runtime' };

/** Any number will do, as long as nobody else locks it on a test server. */
const templateLock = 7_305_551;

async function readMigrations(): Promise<readonly { name: string; sql: string }[]> {
  const folder = path.join(repositoryRoot, 'prisma/migrations');
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => ({
      name,
      sql: await readFile(path.join(folder, name, 'migration.sql'), 'utf8'),
    })),
  );
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function ensureRuntimeLogin(client: pg.Client): Promise<void> {
  const { user, password } = runtimeLogin;
  const found = await client.query('select 1 from pg_roles where rolname = $1', [user]);
  if (found.rowCount === 0) await client.query(`create role ${user} login noinherit password '${password}'`);
  // The group roles that the migrations make, by their common prefix.
  const { rows } = await client.query<{ rolname: string }>(
    "select rolname from pg_roles where rolname like 'tenon\\_%' and not rolcanlogin",
  );
  for (const { rolname } of rows) await client.query(`grant ${rolname} to ${user}`);
}

async function createTemplate(admin: pg.Client, url: string, name: string): Promise<void> {
  const draft = `${name}_draft`;
  await admin.query(`drop database if exists ${draft} with (force)`);
  await admin.query(`create database ${draft}`);
  const draftUrl = new URL(url);
  draftUrl.pathname = `/${draft}`;
  await withClient(draftUrl.href, async (client) => {
    for (const migration of await readMigrations()) await client.query(migration.sql);
  });
  await ensureRuntimeLogin(admin);
  // Renamed only when it is whole: whoever sees the name may copy it.
  await admin.query(`alter database ${draft} rename to ${name}`);
}

/** A database with all migrations applied, made once per server and state of the migrations. @returns its name. */
export async function ensureTemplate(url: string): Promise<string> {
  const hash = createHash('sha256');
  for (const { name, sql } of await readMigrations()) hash.update(`${name}\n${sql}\n`);
  const template = `tenon_template_${hash.digest('hex').slice(0, 16)}`;
  await withClient(url, async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [templateLock]);
    const found = await admin.query('select 1 from pg_database where datname = $1', [template]);
    if (found.rowCount === 0) await createTemplate(admin, url, template);
  });
  return template;
}
