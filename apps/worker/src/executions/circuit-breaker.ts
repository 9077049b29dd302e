import { type ExecutionResult, type Id, type Outcome, outcomes } from '@tenon/contracts';
import type { Database, RunnableFunction } from '@tenon/database';
import type { Logger } from '@tenon/telemetry';
import { BoundedCache } from '../shared/bounded-cache.js';

/** When a function is not run any more, and when it is tried again. Durations in milliseconds. */
export const circuitSettings = {
  /** Failures in a row, as one worker sees them. */
  failuresMax: 50,
  pauseMs: 30_000,
  pauseMsMax: 30 * 60_000,
  /** A probe that has not ended by then was lost with its worker. */
  probeMs: 30_000,
} as const;

/** Functions of which failures are counted; the one that was seen longest ago starts over. */
const functionsMax = 10_000;
const countTtlMs = 60 * 60_000;

interface Count {
  readonly versionId: Id<'version'>;
  failures: number;
}

/** What a function says of its input on purpose is no sign that it is broken. */
const onPurpose: readonly Outcome[] = ['guest_error', 'circuit_open'];

/**
 * Stops running a function that fails over and over: its events are dead at once instead of costing their tenant a run
 * each, and can be replayed. After a pause one run at a time tries whether it works again.
 */
export class CircuitBreaker {
  private readonly counts = new BoundedCache<Id<'function'>, Count>(functionsMax, countTtlMs);

  constructor(
    private readonly breakers: Pick<Database['breakers'], 'open' | 'claimProbe' | 'close'>,
    private readonly logger: Logger,
  ) {}

  /** False where the function is not to be run now. */
  async admits(tenantId: Id<'tenant'>, { functionId, versionId, circuit }: RunnableFunction): Promise<boolean> {
    if (circuit?.versionId !== versionId) return true;
    if (circuit.probeAt.getTime() > Date.now()) return false;
    return this.breakers.claimProbe(tenantId, functionId, circuitSettings.probeMs);
  }

  /** Takes note of how a run ended. @returns what is to be waited for, where a circuit changes by it */
  note(
    tenantId: Id<'tenant'>,
    target: RunnableFunction,
    { outcome }: Pick<ExecutionResult, 'outcome'>,
  ): Promise<void> | undefined {
    const { functionId, versionId, circuit } = target;
    const { fault } = outcomes[outcome];
    if (fault === 'none') {
      this.counts.delete(functionId);
      return circuit === undefined ? undefined : this.close(tenantId, functionId);
    }
    if (fault !== 'guest' || onPurpose.includes(outcome)) return undefined;
    const failures = this.count(functionId, versionId);
    if (circuit?.versionId === versionId)
      return this.open(tenantId, target, true, `${outcome} again when it was tried`);
    if (failures !== circuitSettings.failuresMax) return undefined;
    return this.open(tenantId, target, false, `${failures} failures in a row, the last of them: ${outcome}`);
  }

  private count(functionId: Id<'function'>, versionId: Id<'version'>): number {
    const known = this.counts.get(functionId);
    const count = known?.versionId === versionId ? known : { versionId, failures: 0 };
    count.failures += 1;
    if (count !== known) this.counts.set(functionId, count);
    return count.failures;
  }

  private async open(
    tenantId: Id<'tenant'>,
    { functionId, versionId }: RunnableFunction,
    isAgain: boolean,
    reason: string,
  ): Promise<void> {
    const { pauseMs, pauseMsMax } = circuitSettings;
    this.counts.delete(functionId);
    this.logger.info({ tenantId, functionId, reason }, 'a circuit was opened');
    await this.breakers.open(tenantId, { functionId, versionId, isAgain, reason, pauseMs, pauseMsMax });
  }

  private async close(tenantId: Id<'tenant'>, functionId: Id<'function'>): Promise<void> {
    if (await this.breakers.close(tenantId, functionId)) {
      this.logger.info({ tenantId, functionId }, 'a circuit was closed');
    }
  }
}
