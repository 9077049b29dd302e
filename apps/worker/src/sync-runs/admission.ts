import { type Load, Loads, learn } from '../shared/loads.js';

/** Runs of one worker at once, and of one tenant in it; each holds its input. */
const runsMax = 2_048;
const runsOfTenantMax = runsMax / 2;
/** How fast the average over all follows. */
const weight = 0.05;

/**
 * Refuses at once what could not end in time. How long a newcomer would wait is what is in hand, times what a run took
 * lately, over the threads that run guests. Where that is too long it is asked again by turns: tenants take turns at the
 * gate, so who has little in hand waits for as much of each other tenant and not for all of it.
 */
export class Admission {
  private inHand = 0;
  private averageMs = 1;
  private readonly tenants = new Loads();

  constructor(private readonly threads: number) {}

  get load(): number {
    return this.inHand;
  }

  /** @param leftMs - until the deadline */
  admits(tenantId: string, leftMs: number): boolean {
    if (leftMs <= 0 || this.inHand >= runsMax) return false;
    const own = this.tenants.of(tenantId);
    if (own.count >= runsOfTenantMax) return false;
    return (this.inHand * this.averageMs) / this.threads < leftMs || this.waitByTurnsMs(own) < leftMs;
  }

  /** @returns how many the tenant has in hand now */
  begin(tenantId: string): number {
    this.inHand += 1;
    const own = this.tenants.of(tenantId);
    own.count += 1;
    return own.count;
  }

  /** @param guestMs - what its guests took, or 0 where none ran */
  end(tenantId: string, guestMs: number): void {
    this.inHand -= 1;
    const own = this.tenants.of(tenantId);
    own.count -= 1;
    if (guestMs <= 0) return;
    this.averageMs += (guestMs - this.averageMs) * weight;
    learn(own, guestMs);
  }

  private waitByTurnsMs(own: Load): number {
    let waitMs = own.count * own.averageMs;
    for (const load of this.tenants.all()) {
      if (load !== own) waitMs += Math.min(load.count, own.count + 1) * load.averageMs;
    }
    return waitMs / this.threads;
  }
}
