import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { DevstackError } from './errors.js';
import { freePort } from './free-port.js';
import { type GuardedProcess, startGuarded } from './guarded-process.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { clearLeftOver, createCluster, superuserName } from './postgres-cluster.js';
import { reachableFolder } from './reachable-folder.js';
import { type SystemUser, serverUser } from './system-user.js';
import { untilReady } from './until-ready.js';

const readyTimeoutMs = 60_000;
const portAttemptsMax = 3;

export interface PostgresOptions {
  /** Holds the cluster, its password and, if need be, a copy of the programs. Kept between starts. */
  readonly folder: string;
  readonly logFile: string;
  /** The database to create when it is missing. */
  readonly database: string;
  /** False trades safety against power loss for speed: only for data that nobody will miss. */
  readonly durable: boolean;
  readonly connectionsMax?: number;
}

/** A server of our own that is up, or someone else's that we were pointed at. */
export interface RunningServer {
  /** With the password in it: never print or log it. */
  readonly url: string;
  readonly stop: () => Promise<void>;
  /** Absent where the server is not ours. */
  readonly process?: GuardedProcess;
}

async function keepPassword(folder: string): Promise<string> {
  const file = path.join(folder, 'password');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    const password = randomBytes(24).toString('base64url');
    await writeFile(file, `${password}\n`, { mode: 0o600 });
    return password;
  }
}

function serverArguments(data: string, port: number, options: PostgresOptions): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // A socket in a shared folder would be a second door; TCP with a password is the only one.
    unix_socket_directories: '',
    max_connections: String(options.connectionsMax ?? 100),
    shared_buffers: '128MB',
    dynamic_shared_memory_type: process.platform === 'linux' ? 'mmap' : 'posix',
    // A failed statement is the caller's to report; the log of the server stays small.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    timezone: 'UTC',
  };
  if (!options.durable) {
    Object.assign(settings, { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' });
  }
  return ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function ensureDatabase(adminUrl: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

function urlOf(password: string, port: number, database: string): string {
  return `postgresql://${superuserName}:${password}@127.0.0.1:${port}/${database}`;
}

async function startOnPort(
  binaries: PostgresBinaries,
  data: string,
  password: string,
  options: PostgresOptions,
  user: SystemUser | undefined,
): Promise<RunningServer> {
  const port = await freePort();
  const server = await startGuarded({
    program: binaries.postgres,
    args: serverArguments(data, port, options),
    stopSignal: 'SIGINT',
    output: { logFile: options.logFile },
    user,
  });
  try {
    await untilReady(
      'Postgres',
      server,
      () => ensureDatabase(urlOf(password, port, 'postgres'), options.database),
      readyTimeoutMs,
    );
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url: urlOf(password, port, options.database), stop: () => server.stop(), process: server };
}

/**
 * Starts the embedded Postgres on a free port of 127.0.0.1, creating its cluster the first time.
 * @throws DevstackError with a sentence that says what to do.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningServer> {
  const user = await serverUser();
  const folder = await reachableFolder(options.folder, user);
  await mkdir(folder, { recursive: true });
  // The server's user only passes through here to its own data folder.
  await chmod(folder, 0o711);
  const binaries = await findPostgresBinaries(user, path.join(folder, 'server'));
  const password = await keepPassword(folder);
  const data = await createCluster(binaries, folder, password, user);
  await clearLeftOver(data);
  let last: unknown;
  for (let attempt = 0; attempt < portAttemptsMax; attempt += 1) {
    try {
      return await startOnPort(binaries, data, password, options, user);
    } catch (error) {
      last = error;
      // Somebody took the free port between our look and the server's start.
      if (!(error instanceof DevstackError && error.message.includes('Address already in use'))) throw error;
    }
  }
  throw last;
}
