import type { Crew, Task } from './crew.js';

interface TenantCrew {
  readonly tenantId: string;
  readonly crew: Crew;
}

/**
 * Components bring JavaScript that was generated from names a tenant chose, so their threads serve one tenant and are
 * dropped before another tenant gets one. At most `crewsMax` tenants have a thread at a time; further ones wait for the
 * first that falls idle.
 */
export class TenantCrews {
  /** Least recently used first. */
  private readonly crews = new Map<string, TenantCrew>();
  private waiting: { readonly tenantId: string; readonly task: Task }[] = [];

  constructor(
    private readonly crewsMax: number,
    private readonly createCrew: () => Crew,
  ) {}

  get outstanding(): number {
    let sum = this.waiting.length;
    for (const { crew } of this.crews.values()) sum += crew.outstanding;
    return sum;
  }

  submit(tenantId: string, task: Task): void {
    const crew = this.waiting.length > 0 && !this.crews.has(tenantId) ? undefined : this.crewFor(tenantId);
    if (crew === undefined) this.waiting.push({ tenantId, task });
    else crew.submit(task);
  }

  drop(handle: number): void {
    for (const { crew } of this.crews.values()) crew.drop(handle);
  }

  /** Gives tenants that wait the places of those that have nothing to do. Call whenever a run has ended. */
  rotate(): void {
    if (this.waiting.length === 0) return;
    const still: typeof this.waiting = [];
    for (const entry of this.waiting) {
      const crew = this.crewFor(entry.tenantId);
      if (crew === undefined) still.push(entry);
      else crew.submit(entry.task);
    }
    this.waiting = still;
  }

  private crewFor(tenantId: string): Crew | undefined {
    const own = this.crews.get(tenantId);
    if (own !== undefined) {
      this.crews.delete(tenantId);
      this.crews.set(tenantId, own);
      return own.crew;
    }
    if (this.crews.size >= this.crewsMax && !this.dropIdle()) return undefined;
    const crew = this.createCrew();
    this.crews.set(tenantId, { tenantId, crew });
    return crew;
  }

  private dropIdle(): boolean {
    for (const { tenantId, crew } of this.crews.values()) {
      if (crew.outstanding > 0) continue;
      crew.close();
      this.crews.delete(tenantId);
      return true;
    }
    return false;
  }
}
