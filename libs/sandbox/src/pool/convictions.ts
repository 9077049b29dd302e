import type { ExecutionResult } from '@tenon/contracts';
import type { Job } from './job.js';

/** One conviction may be a rare input of an honest function; a second one is a habit. */
const convictionsMax = 2;
/** How long a function that was convicted so often is answered without being started. */
const quarantineMs = 60_000;
/** Convictions older than this are forgotten. */
const memoryMs = 600_000;
/** Functions remembered at a time; the oldest conviction is forgotten first. */
const entriesMax = 10_000;

interface Conviction {
  count: number;
  lastMs: number;
  verdict: ExecutionResult;
}

/**
 * Remembers which functions ended a process that they had to themselves, and keeps those that did it twice from being
 * started again for a while: every such run costs the neighbours a restart. Counted by tenant as well as by artifact,
 * so that nobody can bring about the quarantine of a function that another tenant uploaded too.
 */
export class Convictions {
  private readonly entries = new Map<string, Conviction>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  add(job: Job, verdict: ExecutionResult): void {
    const key = keyOf(job);
    const known = this.entries.get(key);
    const count = known !== undefined && this.nowMs() - known.lastMs < memoryMs ? known.count + 1 : 1;
    this.entries.delete(key);
    this.entries.set(key, { count, lastMs: this.nowMs(), verdict });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= entriesMax) return;
      this.entries.delete(oldest);
    }
  }

  /** @returns what to answer in place of a run, or undefined when the function may run. */
  refuse(job: Job): ExecutionResult | undefined {
    if (this.entries.size === 0) return undefined;
    const known = this.entries.get(keyOf(job));
    if (known === undefined || known.count < convictionsMax) return undefined;
    const leftMs = known.lastMs + quarantineMs - this.nowMs();
    if (leftMs <= 0) return undefined;
    const seconds = Math.ceil(leftMs / 1_000);
    return {
      ...known.verdict,
      message: `Not started: this function ended its sandbox process ${known.count} times, so it rests for ${seconds} s. The last time: ${known.verdict.message}`,
    };
  }
}

function keyOf({ tenantId, artifact }: Job): string {
  return `${artifact.id} ${tenantId}`;
}
