import type { ExecutionResult, Outcome } from '@tenon/contracts';
import type { TaskFailure } from './crew.js';

/** The counters died with the thread, so a run that was ended from outside reports none. */
function resultOf(outcome: Outcome, message: string, wallUs: number): ExecutionResult {
  return {
    outcome,
    message,
    log: '',
    logBytesDropped: 0,
    instructionsUsed: 0,
    fuelUsed: 0,
    memoryBytesPeak: 0,
    cpuUs: 0,
    wallUs,
  };
}

/** What to answer for a run whose thread ended before it did. */
export function failureResult(failure: TaskFailure, deadlineMs: number): ExecutionResult {
  switch (failure.kind) {
    case 'deadline':
      return {
        ...resultOf('deadline', `Still running after ${deadlineMs} ms, so it was ended.`, failure.elapsedMs * 1_000),
        limit: { name: 'deadlineMs', max: deadlineMs, actual: failure.elapsedMs },
      };
    case 'out_of_memory':
      return resultOf('memory_limit', 'The JavaScript or garbage-collected objects of the guest filled its heap.', 0);
    case 'prepare_timeout':
      return resultOf('internal', 'The artifact could not be prepared in time.', 0);
    case 'untrue':
      return resultOf('internal', 'The thread of the guest broke the rules between it and its supervisor.', 0);
    case 'terminated':
    case 'crashed':
      return resultOf('internal', 'The thread of the guest ended unexpectedly.', 0);
  }
}
