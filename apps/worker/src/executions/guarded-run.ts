import { outcomes, unmeasuredResult } from '@tenon/contracts';
import type { RunOne } from './batch-run.js';
import type { CircuitBreaker } from './circuit-breaker.js';

/** Runs a function unless its circuit is open; then the run says so and costs nothing. */
export function guardedRun(breaker: Pick<CircuitBreaker, 'admits' | 'note'>, run: RunOne): RunOne {
  return async (target, given) => {
    // Nothing is asked for the many whose circuit is closed.
    if (target.circuit !== undefined && !(await breaker.admits(given.tenantId, target))) {
      const { clockMs, seed } = given;
      const result = unmeasuredResult(
        'circuit_open',
        `${outcomes.circuit_open.sentence} Why: ${target.circuit.reason}.`,
      );
      return { startedAtMs: Date.now(), clockMs, seed, engine: target.engine, result };
    }
    const finished = await run(target, given);
    await breaker.note(given.tenantId, target, finished.result);
    return finished;
  };
}
