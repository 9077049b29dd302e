import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type ArtifactSource, createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { hostileGuests, manyGuests, onDisk, requestOf } from './guests.ts';
import { median, percentile, timed } from './timing.ts';

const pageBytes = 4096;
const gib = 1024 ** 3;
const lanes = 128;

export async function runOnce(pool: SandboxPool, guest: ArtifactSource, limits = {}): Promise<void> {
  const result = await pool.execute(guest, requestOf('{"cart":[1,2,3]}', limits), { tenantId: 'tnt_bench' });
  if (result.outcome !== 'succeeded') throw new Error(`the bench's guest failed: ${result.message}`);
}

/** Resident memory of the pool's only process, from Linux's own books. */
export function residentBytes(pool: SandboxPool): number {
  const pid = pool.stats().processes[0]?.pid;
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes;
}

async function pipelined(pool: SandboxPool, guest: ArtifactSource, count: number): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await runOnce(pool, guest);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Executions per second of one process, the median of a few rounds. */
export async function throughput(pool: SandboxPool, guest: ArtifactSource, perRound: number, rounds: number) {
  await pipelined(pool, guest, perRound);
  const rates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const us = await timed(() => pipelined(pool, guest, perRound));
    rates.push((perRound / us) * 1e6);
  }
  return { exec_per_s_1proc: median(rates) };
}

/**
 * From submit to result with nothing else to do. As many runs again as are measured come first, so that the JavaScript
 * of both processes is compiled: a process lives for a million runs, of which it spends the first thousands warming up.
 */
export async function roundTrip(pool: SandboxPool, guest: ArtifactSource, count: number) {
  for (let index = 0; index < count; index += 1) await runOnce(pool, guest);
  const samples: number[] = [];
  for (let index = 0; index < count; index += 1) samples.push(await timed(() => runOnce(pool, guest)));
  return { roundtrip_us_p50: percentile(samples, 0.5), roundtrip_us_p99: percentile(samples, 0.99) };
}

/** The first execution of a function whose artifact lies on disk. */
export async function cold(pool: SandboxPool, count: number) {
  const disk = await onDisk(await manyGuests(count, 'cold'));
  const samples: number[] = [];
  for (const guest of disk.sources) samples.push(await timed(() => runOnce(pool, guest)));
  await disk.remove();
  return { cold_ms_p50: median(samples) / 1_000 };
}

/** How many distinct functions fit warm, each run once, beside what an empty process takes anyway. */
export async function density(count: number) {
  const pool = createSandboxPool({ processes: 1, cacheBytesMax: 4 * gib });
  try {
    const [first, ...guests] = await manyGuests(count + 1, 'warm');
    if (first === undefined) throw new Error('no guests');
    await pipelined(pool, first, 20_000);
    const before = residentBytes(pool);
    for (const guest of guests) await runOnce(pool, guest);
    const perFunction = (residentBytes(pool) - before) / count;
    return { functions_per_gib: (gib - before) / perFunction, warm_function_kb: perFunction / 1_000 };
  } finally {
    await pool.close();
  }
}

/** A well-behaved guest at a steady pace, alone and beside three that burn all they get. */
export async function neighbours(pool: SandboxPool, guest: ArtifactSource, seconds: number) {
  const alone = percentile(await paced(pool, guest, seconds), 0.99);
  const stop = { now: false };
  const lanesOfHostile = (await hostileGuests()).map(async (hostile, index) => {
    while (!stop.now) await pool.execute(hostile, requestOf('1'), { tenantId: `tnt_hostile_${index}` });
  });
  const beside = percentile(await paced(pool, guest, seconds), 0.99);
  stop.now = true;
  await Promise.all(lanesOfHostile);
  return { neighbour_p99_ratio: beside / alone, neighbour_p99_us: beside, alone_p99_us: alone };
}

async function paced(pool: SandboxPool, guest: ArtifactSource, seconds: number): Promise<number[]> {
  const samples: Promise<number>[] = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    samples.push(timed(() => runOnce(pool, guest, { deadlineMs: 10_000 })));
    await pause(4);
  }
  return Promise.all(samples);
}

/** Resident memory after ten times the work, over that after the work. */
export async function drift(guest: ArtifactSource, executions: number) {
  const pool = createSandboxPool({ processes: 1 });
  try {
    await pipelined(pool, guest, executions);
    const early = residentBytes(pool);
    await pipelined(pool, guest, executions * 9);
    return { rss_drift_ratio: residentBytes(pool) / early, rss_mb: residentBytes(pool) / 1e6 };
  } finally {
    await pool.close();
  }
}
