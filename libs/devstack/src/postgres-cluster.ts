import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DevstackError } from './errors.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { commandLineOf, endProcess, isAlive } from './process-table.js';
import type { SystemUser } from './system-user.js';

const run = promisify(execFile);

/** The superuser of the embedded cluster. It migrates; nothing that serves requests ever logs in as it. */
export const superuserName = 'postgres';

async function runInitdb(binaries: PostgresBinaries, folder: string, passwordFile: string, user?: SystemUser) {
  const args = [
    `--pgdata=${folder}`,
    `--username=${superuserName}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Sorts alike on every machine, whatever locales it has.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
  ];
  try {
    await run(binaries.initdb, args, {
      cwd: '/',
      timeout: 120_000,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
  } catch (error) {
    const detail =
      typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new DevstackError(`Postgres could not create its data folder ${folder}:\n${detail}`, { cause: error });
  }
}

/** Creates the cluster in `folder`/data unless it is there. An interrupted creation leaves nothing half done behind. */
export async function createCluster(
  binaries: PostgresBinaries,
  folder: string,
  password: string,
  user: SystemUser | undefined,
): Promise<string> {
  const data = path.join(folder, 'data');
  if (existsSync(path.join(data, 'PG_VERSION'))) return data;
  const draft = path.join(folder, 'data.new');
  const passwordFile = path.join(folder, 'password.new');
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) {
    await Promise.all([draft, passwordFile].map((file) => chown(file, user.uid, user.gid)));
  }
  try {
    await runInitdb(binaries, draft, passwordFile, user);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, data);
  return data;
}

/** Stops a server that an earlier start left behind in `data`; a lock file whose process is gone or another is removed. */
export async function clearLeftOver(data: string): Promise<void> {
  const lockFile = path.join(data, 'postmaster.pid');
  const text = await readFile(lockFile, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid) || pid <= 1) return;
  const command = isAlive(pid) ? await commandLineOf(pid) : '';
  if (!command.includes(data)) {
    // Postgres would refuse to start if this id now belongs to some other process of the same user.
    await rm(lockFile, { force: true });
    return;
  }
  if (!(await endProcess(pid, 'SIGINT', 30_000))) {
    throw new DevstackError(`A Postgres that an earlier start left behind (process ${pid}) can't be stopped.`);
  }
}
