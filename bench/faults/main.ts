/**
 * `npm run bench -- faults [--json] [--quick]`: events come at a steady rate while parts of the system are killed, emptied,
 * restarted or run full. Counts what was acknowledged and then lost or recorded twice, and how long it took until
 * everything that was acknowledged before a fault was recorded and new events ran again. Linux, as root.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { GuardedProcess } from '@tenon/devstack';
import { type BenchStack, call, startBenchStack } from '../pipeline/stack.ts';
import { SteadyLoad } from './load.ts';
import { Observer } from './observer.ts';
import { killHard, startAgain, startedLike, wipeRedis } from './servers.ts';

const run = promisify(execFile);
const json = process.argv.includes('--json');
const quick = process.argv.includes('--quick');
const ratePerS = quick ? 300 : 700;
const connections = 24;
/** Load between two faults, so that each meets a system at work. */
const betweenMs = quick ? 1_000 : 3_000;
const acknowledgedMin = quick ? 2_000 : 21_000;

interface Fault {
  readonly name: string;
  /** Does the damage, and what an operator or a supervisor does about it. */
  strike(): Promise<void>;
  /** After the recovery was measured. */
  after?(): Promise<void>;
}

function say(line: string): void {
  if (!json) console.log(line);
}

const stack = await startBenchStack();
const restarted: GuardedProcess[] = [];
const observer = new Observer(stack.ownerUrl);
const load = new SteadyLoad(stack.apiUrl, stack.tenantKey, ratePerS, connections);
const recoverS: Record<string, number> = {};
try {
  await delay(betweenMs);
  for (const fault of await faultsOf(stack)) {
    const before = load.acknowledged.slice(-5_000);
    const seen = load.acknowledged.length;
    const startMs = performance.now();
    await fault.strike();
    await observer.secondsUntil(() => observer.areRecorded(before));
    await observer.secondsUntil(async () => load.acknowledged.length > seen + 50);
    const next = load.acknowledged.slice(seen, seen + 50);
    await observer.secondsUntil(() => observer.areRecorded(next));
    recoverS[fault.name] = Math.round((performance.now() - startMs) / 100) / 10;
    say(`${fault.name}: recovered in ${recoverS[fault.name]} s`);
    await fault.after?.();
    await delay(betweenMs);
  }
  while (load.acknowledged.length < acknowledgedMin) await delay(200);
  say(`${load.acknowledged.length} events were acknowledged`);
  await load.stop();
  const acknowledged = [...new Set(load.acknowledged)];
  await observer.secondsUntil(() => observer.areRecorded(acknowledged));
  say('all of them are recorded');
  const { lost, duplicated } = await observer.verdict(acknowledged);
  const result = {
    bench: 'faults',
    acknowledged: acknowledged.length,
    lost,
    duplicated,
    usage_differs_by: await observer.usageDiffers(),
    recover_s_max: Math.max(...Object.values(recoverS)),
    recover_s: recoverS,
    refused: Object.fromEntries(load.refusals),
    rate_per_s: ratePerS,
  };
  console.log(JSON.stringify(result));
} finally {
  await observer.close();
  await run('umount', ['-l', path.join(stack.folder, 'data')]).catch(() => undefined);
  // Those that stand on the servers go first.
  await stack.stop();
  await Promise.all(restarted.map((server) => server.stop()));
}

async function faultsOf({ api, worker, folder, ownerUrl, redisUrl }: BenchStack): Promise<readonly Fault[]> {
  const redisData = path.join(folder, 'redis/data');
  // Redis writes its title over its environment, so what it needs of that is said again.
  const asFound = await startedLike(await pidOfServer('redis-server', redisUrl), [path.join(redisData, 'redis.conf')]);
  // One program under several names: which of them it is, it reads from the name.
  const program = path.join(path.dirname(asFound.program), 'redis-server');
  const redis = { ...asFound, program, env: { LD_LIBRARY_PATH: await librariesOf(program) } };
  const postgres = await startedLike(await pidOfServer('bin/postgres', ownerUrl));
  const log = path.join(folder, 'faults.log');
  return [
    {
      name: 'worker_killed',
      strike: async () => {
        await killHard(worker.pid());
        await worker.restart();
      },
    },
    { name: 'sandboxes_killed', strike: () => killSandboxes(worker.pid()) },
    {
      name: 'api_killed',
      strike: async () => {
        await killHard(api.pid());
        await api.restart();
      },
    },
    {
      name: 'redis_wiped',
      strike: async () => {
        await killHard(await pidOfServer('redis-server', redisUrl));
        await wipeRedis(redisData);
        restarted.push(await startAgain(redis, redisUrl, log));
      },
    },
    {
      name: 'postgres_crashed',
      strike: async () => {
        // An immediate shutdown: no checkpoint, so it comes back by crash recovery.
        await killHard(await pidOfServer('bin/postgres', ownerUrl), 'SIGQUIT');
        restarted.push(await startAgain(postgres, ownerUrl, log));
      },
    },
    {
      name: 'storage_full',
      strike: () => fillStorage(path.join(folder, 'data')),
      after: () => emptyStorage(path.join(folder, 'data')),
    },
  ];
}

/** Where the libraries of an unpacked server lie: beside its programs, by architecture. */
async function librariesOf(program: string): Promise<string> {
  const folder = path.resolve(path.dirname(program), '../lib');
  const entries = await readdir(folder).catch(() => []);
  return entries.map((entry) => path.join(folder, entry)).join(':');
}

/** The process that listens on the port of `url`, by its command line. */
async function pidOfServer(program: string, url: string): Promise<number> {
  const { port } = new URL(url);
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const text = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const command = text.replaceAll('\0', ' ');
    const isIt = command.includes(program) && (command.includes(`port=${port} `) || command.includes(`:${port}`));
    if (isIt) return Number(entry);
  }
  throw new Error(`no ${program} listens on port ${port}`);
}

async function killSandboxes(workerPid: number): Promise<void> {
  const children = await readFile(`/proc/${workerPid}/task/${workerPid}/children`, 'utf8');
  const pids = children.trim().split(' ').map(Number);
  if (pids.length === 0) throw new Error('the worker has no sandboxes');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

/** The folder becomes a small file system that holds what it held, and not a byte more. */
async function fillStorage(folder: string): Promise<void> {
  const copy = `${folder}.copy`;
  await run('cp', ['-a', folder, copy]);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'none', folder]);
  await run('cp', ['-a', `${copy}/.`, folder]);
  const { bavail, bsize } = await statfs(folder);
  await writeFile(path.join(folder, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize))).catch(() => undefined);
  // An upload needs the disk and is refused; events don't.
  const module = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
  const upload = call(`${stack.apiUrl}/v1/functions/bench/versions`, 'POST', stack.tenantKey, module);
  const answer = await upload.then(
    () => 'accepted',
    (error: Error) => error.message,
  );
  say(`an upload while the disk was full: ${answer}`);
  if (!answer.includes(' 503 ')) throw new Error(`an upload onto a full disk was not refused with 503: ${answer}`);
}

async function emptyStorage(folder: string): Promise<void> {
  await run('umount', ['-l', folder]);
}
