import { SandboxOverloadedError } from '../errors.js';
import type { ResolvedPoolOptions } from './pool-options.js';
import type { ProcessGroup } from './process-group.js';

/** Groups that serve one tenant alone: made at the first execution, ended when idle for long, bounded in number. */
export class DedicatedGroups {
  private readonly groups = new Map<string, ProcessGroup>();
  private readonly sweep: NodeJS.Timeout;

  constructor(
    private readonly options: ResolvedPoolOptions,
    private readonly createGroup: () => ProcessGroup,
  ) {
    this.sweep = setInterval(() => this.endIdle(options.dedicatedIdleMs), Math.ceil(options.dedicatedIdleMs / 4));
    this.sweep.unref();
  }

  all(): ProcessGroup[] {
    return [...this.groups.values()];
  }

  /** @throws SandboxOverloadedError when every dedicated process is at work for another tenant. */
  for(tenantId: string): ProcessGroup {
    const present = this.groups.get(tenantId);
    if (present !== undefined) return present;
    const { dedicatedProcessesMax } = this.options;
    if (this.groups.size >= dedicatedProcessesMax) this.endIdle(0);
    if (this.groups.size >= dedicatedProcessesMax) throw new SandboxOverloadedError(dedicatedProcessesMax);
    const group = this.createGroup();
    this.groups.set(tenantId, group);
    return group;
  }

  stop(): void {
    clearInterval(this.sweep);
  }

  private endIdle(idleMs: number): void {
    const now = performance.now();
    for (const [tenantId, group] of this.groups) {
      if (group.queued > 0 || group.inFlight > 0 || now - group.lastUsedMs < idleMs) continue;
      this.groups.delete(tenantId);
      void group.close(this.options.closeGraceMs);
    }
  }
}
