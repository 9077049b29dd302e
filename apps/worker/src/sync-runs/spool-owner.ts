import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export const spoolSuffix = '.runs';

/** Whose a file is, as its name says. */
interface Owner {
  readonly pid: number;
  /** Absent where nobody could say. */
  readonly startedTicks: string | undefined;
  readonly createdMs: number;
}

const startedMs = Date.now() - process.uptime() * 1_000;
const ownTicks = startedTicksOf(process.pid);

/** A name for the next file of this process. */
export function spoolFileName(number: number): string {
  const owner = ownTicks === undefined ? process.pid : `${process.pid}.${ownTicks}`;
  return `${hostname()}-${owner}-${Date.now()}-${number}${spoolSuffix}`;
}

/** Undefined for a file of another host, of whose processes nothing is known here. */
export function isOwnerAlive(name: string): boolean | undefined {
  const owner = ownerOf(name);
  if (owner === undefined) return undefined;
  const { pid, startedTicks, createdMs } = owner;
  // A process in a container has the same number as the one before it, so its own number is not enough. When it began
  // goes before the time, which may be set back.
  if (pid === process.pid) return isOwn(startedTicks, createdMs);
  if (!isThere(pid)) return false;
  // Numbers are given out again; when a process began is not.
  return startedTicks === undefined || (startedTicksOf(pid) ?? startedTicks) === startedTicks;
}

function isOwn(startedTicks: string | undefined, createdMs: number): boolean {
  if (startedTicks === undefined || ownTicks === undefined) return createdMs >= startedMs;
  return startedTicks === ownTicks;
}

function ownerOf(name: string): Owner | undefined {
  const found = /^(.+)-(\d+)(?:\.(\d+))?-(\d+)-\d+\.runs$/.exec(name);
  if (found === null || found[1] !== hostname()) return undefined;
  return { pid: Number(found[2]), startedTicks: found[3], createdMs: Number(found[4]) };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** When a process began, in clock ticks since the machine did (proc_pid_stat(5), field 22). Only Linux says so. */
function startedTicksOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name stands in brackets and may hold anything, so fields are counted from behind it.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
