import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU time in ticks of 10 ms (USER_HZ is 100 on every architecture that Node runs on). */
const msPerTick = 10;

interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly cpuMs: number;
}

/** CPU milliseconds by part of the system. */
export type CpuTimes = Readonly<Record<string, number>>;

export interface CpuParts {
  readonly api: number;
  readonly worker: number;
  /** The ports of the servers, which stand in their command lines. */
  readonly postgresPort: string;
  readonly redisPort: string;
}

/**
 * CPU time used so far, by part. Unlike the wall clock it says the same on a machine that does other things as well,
 * so it tells where the time goes. Empty where there is no /proc.
 */
export async function cpuTimes(parts: CpuParts): Promise<CpuTimes> {
  const processes = await listProcesses();
  const byParent = Map.groupBy(processes, (one) => one.parent);
  const family = (one: ProcessFacts): ProcessFacts[] => [one, ...(byParent.get(one.pid) ?? []).flatMap(family)];
  const sum = (list: readonly ProcessFacts[]) => list.reduce((total, one) => total + one.cpuMs, 0);
  const of = (pid: number) => processes.filter((one) => one.pid === pid);
  const named = (program: string, word: string) =>
    processes.filter((one) => one.command.includes(program) && one.command.includes(word));
  const sandboxes = (byParent.get(parts.worker) ?? []).flatMap(family);
  const usage = process.cpuUsage();
  return {
    api: sum(of(parts.api)),
    worker: sum(of(parts.worker)),
    sandboxes: sum(sandboxes),
    postgres: sum(named('bin/postgres', `port=${parts.postgresPort} `).flatMap(family)),
    redis: sum(named('redis-server', `:${parts.redisPort}`)),
    load: (usage.user + usage.system) / 1_000,
  };
}

/** CPU microseconds per event, by part. */
export function cpuUsPerEvent(before: CpuTimes, after: CpuTimes, events: number): Record<string, number> {
  const entries = Object.entries(after).map(([part, ms]) => [
    part,
    Math.round(((ms - (before[part] ?? 0)) * 1_000) / events),
  ]);
  return Object.fromEntries(entries);
}

async function listProcesses(): Promise<ProcessFacts[]> {
  const names = await readdir('/proc').catch(() => []);
  const all = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => factsOf(Number(name))));
  return all.filter((one) => one !== undefined);
}

async function factsOf(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const [stat, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    // The name of the program stands in brackets and may hold anything, so fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { pid, parent: Number(fields[1]), command: command.replaceAll('\0', ' '), cpuMs: ticks * msPerTick };
  } catch {
    return undefined;
  }
}
