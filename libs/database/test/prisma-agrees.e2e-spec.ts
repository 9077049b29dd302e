import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { migrate } from '@tenon/database';
import { createTestDatabase, repositoryRoot, type TestDatabase } from '@tenon/testing';

/** Starting Prisma's command-line tool takes seconds on a busy machine. */
const commandTimeoutMs = 60_000;
const schemaFile = path.join(repositoryRoot, 'prisma/schema.prisma');

let server: TestDatabase;
let folder: string;

beforeEach(async () => {
  server = await createTestDatabase({ migrated: false });
  folder = await mkdtemp(path.join(tmpdir(), 'tenon-prisma-'));
});

afterEach(async () => {
  await server.drop();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly exitCode: number;
  readonly text: string;
}

/** Runs `prisma migrate` on the test's database, with the schema engine of this repository's scripts. */
function prismaMigrate(...args: readonly string[]): Promise<Answer> {
  const tool = path.join(repositoryRoot, 'node_modules/prisma/build/index.js');
  const config = path.join(repositoryRoot, 'prisma/prisma.config.ts');
  const env = {
    ...process.env,
    DATABASE_URL: server.ownerUrl,
    PRISMA_SCHEMA_ENGINE_BINARY: path.join(repositoryRoot, 'scripts/prisma-schema-engine.mjs'),
    CHECKPOINT_DISABLE: '1',
  };
  return new Promise((resolve) => {
    const options = { cwd: repositoryRoot, env, timeout: commandTimeoutMs };
    execFile(process.execPath, [tool, 'migrate', ...args, '--config', config], options, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
  });
}

/** Exit code 2 means a difference, and the text is the SQL that would remove it. */
const driftFrom = (schema: string) =>
  prismaMigrate('diff', '--from-config-datasource', '--to-schema', schema, '--script', '--exit-code');

test(
  'a database that the runner migrated has no drift from schema.prisma, and Prisma has nothing to deploy',
  async () => {
    await migrate({ url: server.ownerUrl });
    const drift = await driftFrom(schemaFile);
    expect(drift.exitCode === 0 ? 'no difference' : drift.text).toBe('no difference');
    const status = await prismaMigrate('status');
    expect(status.text).toContain('Database schema is up to date!');
    expect(status.exitCode).toBe(0);
    const deploy = await prismaMigrate('deploy');
    expect(deploy.text).toContain('No pending migrations to apply.');
    expect(deploy.exitCode).toBe(0);
  },
  commandTimeoutMs,
);

test(
  'the check for drift sees a column that only the schema has, and one that only the database has',
  async () => {
    await migrate({ url: server.ownerUrl });
    const schema = await readFile(schemaFile, 'utf8');
    const changed = schema
      .replace(/( +)origin +String\n/, '')
      .replace(/model Event \{/, 'model Event {\n  shade String?');
    await writeFile(path.join(folder, 'changed.prisma'), changed);
    const drift = await driftFrom(path.join(folder, 'changed.prisma'));
    expect(drift.exitCode).toBe(2);
    expect(drift.text).toMatch(/DROP COLUMN "origin"/);
    expect(drift.text).toMatch(/ADD COLUMN +"shade" TEXT/);
  },
  commandTimeoutMs,
);

test(
  'a database that Prisma migrated leaves the runner nothing to do',
  async () => {
    expect((await prismaMigrate('deploy')).exitCode).toBe(0);
    const { applied, present } = await migrate({ url: server.ownerUrl });
    expect(applied).toEqual([]);
    expect(present).toBeGreaterThanOrEqual(2);
  },
  commandTimeoutMs,
);
