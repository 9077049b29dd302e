import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What redis-server needs beyond a base system, on Debian 12 and its relatives; a release may lack some of them. */
const packages = [
  'redis-server',
  'redis-tools',
  'libjemalloc2',
  'liblua5.1-0',
  'liblzf1',
  'libatomic1',
  'lua-bitop',
  'lua-cjson',
];

const outputMax = { timeout: 180_000, maxBuffer: 16_000_000 };

function aptOptions(folder: string): string[] {
  const settings = {
    'Dir::State': path.join(folder, 'state'),
    'Dir::Cache': path.join(folder, 'cache'),
    // As root, apt would download as a user who may not enter these folders.
    'APT::Sandbox::User': process.getuid?.() === 0 ? 'root' : '',
    'Debug::NoLocking': 'true',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
  };
  return Object.entries(settings)
    .filter(([, value]) => value !== '')
    .flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Those of {@link packages} that this release has. apt-cache complains about the others, and lists what it knows. */
async function knownPackages(options: readonly string[]): Promise<string[]> {
  const listed = await run('apt-cache', [...options, 'show', '--no-all-versions', ...packages], outputMax).catch(
    (error: { stdout?: unknown }) => ({ stdout: String(error.stdout ?? '') }),
  );
  const names = new Set(listed.stdout.match(/^Package: .+$/gm)?.map((line) => line.slice('Package: '.length)));
  return packages.filter((name) => names.has(name));
}

async function download(folder: string): Promise<void> {
  const options = aptOptions(folder);
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'deb']) {
    await mkdir(path.join(folder, name), { recursive: true });
  }
  await writeFile(path.join(folder, 'state/status'), '');
  options.push('-o', `Dir::State::status=${path.join(folder, 'state/status')}`);
  await run('apt-get', [...options, 'update'], outputMax);
  const wanted = await knownPackages(options);
  if (!wanted.includes('redis-server')) throw new Error('the package sources of this machine have no redis-server');
  await run('apt-get', [...options, 'download', ...wanted], { ...outputMax, cwd: path.join(folder, 'deb') });
}

async function unpack(folder: string): Promise<void> {
  const root = path.join(folder, 'root');
  await mkdir(root, { recursive: true });
  const files = await readdir(path.join(folder, 'deb'));
  for (const file of files.filter((name) => name.endsWith('.deb'))) {
    await run('dpkg', ['-x', path.join(folder, 'deb', file), root], { timeout: 60_000 });
  }
}

/** True where Debian's package tools are there to be asked. Neither needs root for what we do with them. */
export async function hasDebianTools(): Promise<boolean> {
  try {
    await Promise.all([run('apt-get', ['--version']), run('dpkg', ['--version'])]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Fetches Redis from the package sources this machine is set up with and unpacks it into `folder`, installing nothing:
 * about 8 MB and a few seconds.
 * `onFetch` is called when there is something to fetch.
 * @returns the root of the unpacked files.
 */
export async function fetchDebianRedis(folder: string, onFetch: () => void): Promise<string> {
  const root = path.join(folder, 'root');
  if (existsSync(path.join(root, 'usr/bin'))) return root;
  onFetch();
  const draft = `${folder}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  try {
    await download(draft);
    await unpack(draft);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await rename(path.join(draft, 'root'), root);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return root;
}
