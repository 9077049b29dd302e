import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ensureTemplate, runtimeLogin } from './database-template.js';
import { testStack } from './test-stack.js';

export interface TestDatabase {
  readonly name: string;
  /** The owner's login: migrates and looks past row-level security. Not what the code under test should use. */
  readonly ownerUrl: string;
  /** The login that api and worker get: a member of the application's roles, and nothing more. */
  readonly url: string;
  /** Disconnects whoever is still there and drops the database. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** False gives an empty database, for tests of the migrations themselves. Default true. */
  readonly migrated?: boolean;
}

async function asOwner(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string, login?: { user: string; password: string }): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  if (login !== undefined) {
    changed.username = login.user;
    changed.password = login.password;
  }
  return changed.href;
}

/** A database of this caller's own, migrated and empty: call once per test file, `drop` in afterAll. About 50 ms. */
export async function createTestDatabase({ migrated = true }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { databaseUrl } = await testStack();
  const name = `tenon_test_${randomBytes(8).toString('hex')}`;
  const template = migrated ? await ensureTemplate(databaseUrl) : 'template1';
  await asOwner(databaseUrl, `create database ${name} template ${template}`);
  return {
    name,
    ownerUrl: withDatabase(databaseUrl, name),
    url: withDatabase(databaseUrl, name, runtimeLogin),
    drop: () => asOwner(databaseUrl, `drop database if exists ${name} with (force)`),
  };
}
