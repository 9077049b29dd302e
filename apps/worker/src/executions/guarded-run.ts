import { outcomes, unmeasuredResult } from '@tenon/contracts';
import type { RunOne } from './batch-run.js';
import type { CircuitBreaker } from './circuit-breaker.js';

/** Runs a function unless its circuit is open; then the run says so and costs nothing. */
export function guardedRun(breaker: Pick<CircuitBreaker, 'admits' | 'note'>, run: RunOne): RunOne {
  const runAndNote: RunOne = async (target, given) => {
    const finished = await run(target, given);
    const noting = breaker.note(given.tenantId, target, finished.result);
    // Mostly there is nothing to wait for.
    if (noting !== undefined) await noting;
    return finished;
  };
  const runIfAdmitted: RunOne = async (target, given) => {
    if (await breaker.admits(given.tenantId, target)) return runAndNote(target, given);
    const { clockMs, seed } = given;
    const why = target.circuit === undefined ? '' : ` Why: ${target.circuit.reason}.`;
    const result = unmeasuredResult('circuit_open', `${outcomes.circuit_open.sentence}${why}`);
    return { startedAtMs: Date.now(), clockMs, seed, engine: target.engine, result };
  };
  // Nothing is asked for the many whose circuit is closed.
  return (target, given) => (target.circuit === undefined ? runAndNote : runIfAdmitted)(target, given);
}
