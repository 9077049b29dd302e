import pg from 'pg';
import { MigrationError } from './migration.errors.js';
import { type MigrationFile, migrationsFolder, readMigrations } from './migration-files.js';
import { type AppliedMigration, addToHistory, readHistory } from './migration-history.js';

export interface MigrateOptions {
  /** A login that may create tables and roles: the owner's, never that of a running process. */
  readonly url: string;
  /** Default: prisma/migrations of this repository. */
  readonly folder?: string;
  readonly onApplied?: (name: string) => void;
}

export interface MigrateResult {
  readonly applied: readonly string[];
  /** How many were there before. */
  readonly present: number;
}

/** The number that `prisma migrate` locks too, so that the two never run at once. */
const prismaLock = 72_707_369;
const lockTimeoutMs = 60_000;
/** Postgres 16 changed which roles an owner with CREATEROLE may grant; the migrations count on it. Tested on 18. */
const serverVersionMin = 160_000;

/**
 * Brings a database to the state of the migrations. Each one is a transaction with its own line in Prisma's table, so
 * one that fails leaves nothing behind, and `prisma migrate deploy` finds nothing to do afterwards. Several processes
 * may call this at once; they take turns.
 *
 * @throws MigrationError when an applied migration was changed, is unknown or failed, or when one fails now.
 */
export async function migrate({ url, folder = migrationsFolder, onApplied }: MigrateOptions): Promise<MigrateResult> {
  const files = await readMigrations(folder);
  const client = new pg.Client({ connectionString: url, application_name: 'tenon-migrate' });
  await client.connect();
  try {
    await takeTurn(client);
    const history = await readHistory(client);
    checkHistory(history, files);
    const present = new Set(history.map((applied) => applied.name));
    const missing = files.filter((file) => !present.has(file.name));
    for (const file of missing) {
      await apply(client, file);
      onApplied?.(file.name);
    }
    return { applied: missing.map((file) => file.name), present: present.size };
  } finally {
    // The end of the session gives the lock back, whatever happened in it.
    await client.end();
  }
}

async function takeTurn(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
  if (Number(rows[0]?.version) < serverVersionMin) {
    throw new MigrationError('unsupported_server', undefined, 'Tenon needs Postgres 16 or newer.');
  }
  await client.query(`SET lock_timeout = ${lockTimeoutMs}`);
  await client.query('SELECT pg_advisory_lock($1)', [prismaLock]);
}

function checkHistory(history: readonly AppliedMigration[], files: readonly MigrationFile[]): void {
  const known = new Map(files.map((file) => [file.name, file]));
  for (const { name, checksum, finished, logs } of history) {
    const file = known.get(name);
    if (file === undefined) {
      const hint = 'It comes from a newer version of Tenon; start that version, or restore a backup from before it.';
      throw new MigrationError('unknown', name, `The database has the migration "${name}", which is not here. ${hint}`);
    }
    if (!finished) {
      const hint = `Repair the database, then: prisma migrate resolve --rolled-back ${name}`;
      throw new MigrationError('failed_before', name, `The migration "${name}" failed earlier. ${logs ?? ''}\n${hint}`);
    }
    if (checksum !== file.checksum) {
      const hint = 'Restore the file as it was applied, and put the change into a new migration.';
      throw new MigrationError('changed', name, `The migration "${name}" was changed after it was applied. ${hint}`);
    }
  }
}

async function apply(client: pg.Client, file: MigrationFile): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(file.sql);
    await addToHistory(client, file);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new MigrationError('failed', file.name, `The migration "${file.name}" failed: ${describe(error, file)}`, {
      cause: error,
    });
  }
}

/** Postgres counts characters; people look for lines. */
function describe(error: unknown, { sql }: MigrationFile): string {
  if (!(error instanceof pg.DatabaseError)) return String(error);
  const position = Number(error.position ?? 0);
  const line = position > 0 ? ` (line ${[...sql].slice(0, position).join('').split('\n').length})` : '';
  return `${error.message}${line}`;
}
