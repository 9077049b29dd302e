import type { Crew } from './crew.js';
import type { Task } from './task.js';

/** How long a tenant keeps its thread while others wait for one; a new thread and its guests take about 30 ms. */
const turnMs = 100;

interface TenantCrew {
  readonly tenantId: string;
  readonly crew: Crew;
  readonly sinceMs: number;
  /** Its turn is over: it gets no more work, and its place goes on when the run that it is at has ended. */
  leaving: boolean;
}

/**
 * Components bring JavaScript that was generated from names a tenant chose, so their threads serve one tenant and are
 * dropped before another tenant gets one. At most `crewsMax` tenants have a thread at a time; further ones wait in
 * turn. A tenant whose turn is over gives up its place after the run that it is at, and waits behind the others with
 * what it has left. So nobody waits longer than, for each `crewsMax` tenants before it, one turn and one run.
 */
export class TenantCrews {
  /** Least recently used first. */
  private readonly crews = new Map<string, TenantCrew>();
  /** Whoever has waited longest first. */
  private readonly waiting = new Map<string, Task[]>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly crewsMax: number,
    private readonly createCrew: () => Crew,
  ) {}

  submit(tenantId: string, task: Task): void {
    const own = this.crews.get(tenantId);
    if (own !== undefined && !own.leaving) {
      this.crews.delete(tenantId);
      this.crews.set(tenantId, own);
      own.crew.submit(task);
      return;
    }
    const queue = this.waiting.get(tenantId);
    if (queue !== undefined) queue.push(task);
    else {
      this.waiting.set(tenantId, [task]);
      this.rotate();
    }
  }

  drop(handle: number): void {
    for (const { crew } of this.crews.values()) crew.drop(handle);
  }

  /** Gives tenants that wait the places of those that have nothing to do or had their turn. Call when a run has ended. */
  rotate(): void {
    if (this.waiting.size === 0) return;
    this.endTurns();
    for (const [tenantId, tasks] of this.waiting) {
      // What it had left waits until its own thread is gone, or it would have two.
      if (this.crews.get(tenantId)?.leaving === true && !this.dropIdle(tenantId)) continue;
      if (this.crews.size >= this.crewsMax && !this.dropIdle()) break;
      this.waiting.delete(tenantId);
      const crew = this.createCrew();
      this.crews.set(tenantId, { tenantId, crew, sinceMs: performance.now(), leaving: false });
      for (const task of tasks) crew.submit(task);
    }
    this.rotateLater();
  }

  /** As many crews leave as tenants wait, those with the longest turn first, once it was long enough. */
  private endTurns(): void {
    const all = [...this.crews.values()].sort((a, b) => a.sinceMs - b.sinceMs);
    const leaving = all.filter((one) => one.leaving);
    const others = [...this.waiting.keys()].filter((tenantId) => !this.crews.has(tenantId)).length;
    let places = this.crewsMax - this.crews.size + leaving.length;
    const endedBeforeMs = performance.now() - turnMs;
    for (const one of all) {
      if (places >= others || one.sinceMs > endedBeforeMs) return;
      if (one.leaving) continue;
      one.leaving = true;
      places += 1;
      const left = one.crew.withdraw();
      if (left.length > 0) this.waiting.set(one.tenantId, left);
    }
  }

  private rotateLater(): void {
    clearTimeout(this.timer);
    if (this.waiting.size === 0) return;
    const staying = [...this.crews.values()].filter((one) => !one.leaving);
    const nextMs = Math.min(...staying.map((one) => one.sinceMs + turnMs));
    if (nextMs === Number.POSITIVE_INFINITY) return;
    this.timer = setTimeout(() => this.rotate(), Math.max(1, nextMs - performance.now()));
  }

  /** @param only the tenant whose crew may be dropped; any, without it. */
  private dropIdle(only?: string): boolean {
    for (const { tenantId, crew } of this.crews.values()) {
      if (crew.outstanding > 0 || (only !== undefined && only !== tenantId)) continue;
      crew.close();
      this.crews.delete(tenantId);
      return true;
    }
    return false;
  }
}
