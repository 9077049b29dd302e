import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemCodeOf } from './errors.js';

const run = promisify(execFile);
const pollMs = 20;

/** True while a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}

async function askPs(pid: number, column: string): Promise<string> {
  try {
    const { stdout } = await run('ps', ['-o', `${column}=`, '-p', String(pid)], { timeout: 5_000 });
    return stdout.trim();
  } catch {
    return '';
  }
}

/** The command line of a process, or '' where there is none. Linux needs no `ps`: small images come without it. */
export async function commandLineOf(pid: number): Promise<string> {
  if (!existsSync('/proc/self/cmdline')) return askPs(pid, 'command');
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** What Linux knows of a process, from the third field on (its state); empty where there is no such process. */
async function statFields(pid: number): Promise<readonly string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in brackets and may hold spaces and brackets itself.
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Tells a process from a later one that was given the same id: when it started. '' where there is no such process. */
export async function startStampOf(pid: number): Promise<string> {
  if (!existsSync('/proc/self/stat')) return askPs(pid, 'lstart');
  const fields = await statFields(pid);
  // A zombie has ended: its parent has only not been told yet.
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

/** The process that started this one, or the one that took it in; undefined where there is no such process. */
export async function parentOf(pid: number): Promise<number | undefined> {
  const fields = existsSync('/proc/self/stat') ? await statFields(pid) : [];
  const text = fields[1] ?? (await askPs(pid, 'ppid'));
  const parent = Number.parseInt(text, 10);
  return Number.isInteger(parent) && parent > 0 ? parent : undefined;
}

async function waitForEnd(pid: number, graceMs: number): Promise<boolean> {
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline) {
    if (!isAlive(pid) || (await startStampOf(pid)) === '') return true;
    await sleep(pollMs);
  }
  return false;
}

/**
 * Ends a process: first with `signal`, after `graceMs` milliseconds with SIGKILL.
 * @returns false when even that did not end it within five more seconds.
 */
export async function endProcess(pid: number, signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
  try {
    process.kill(pid, signal);
    if (await waitForEnd(pid, graceMs)) return true;
    process.kill(pid, 'SIGKILL');
  } catch {
    return !isAlive(pid);
  }
  return waitForEnd(pid, 5_000);
}
