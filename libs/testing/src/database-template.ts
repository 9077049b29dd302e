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

async function createTemplate(admin: pg.Client, url: string, name: string): Promise<void> {
  const draft = `${name}_draft`;
  await admin.query(`drop database if exists ${draft} with (force)`);
  await admin.query(`create database ${draft}`);
  const draftUrl = new URL(url);
  draftUrl.pathname = `/${draft}`;
  // Imported here, because most test files never need a template and this brings the Prisma client along.
  const { ensureRuntimeLogin, migrate } = await import('@tenon/database');
  await migrate({ url: draftUrl.href });
  await ensureRuntimeLogin(draftUrl.href, runtimeLogin);
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
