import { type ExecutionResult, unmeasuredResult } from '@tenon/contracts';
import type { TaskFailure } from './crew.js';

/** What to answer for a run whose thread ended before it did. */
export function failureResult(failure: TaskFailure, deadlineMs: number): ExecutionResult {
  switch (failure.kind) {
    case 'deadline':
      return {
        ...unmeasuredResult('deadline', `Still running after ${deadlineMs} ms, so it was ended.`),
        wallUs: failure.elapsedMs * 1_000,
        limit: { name: 'deadlineMs', max: deadlineMs, actual: failure.elapsedMs },
      };
    case 'out_of_memory':
      return unmeasuredResult(
        'memory_limit',
        'The JavaScript or garbage-collected objects of the guest filled its heap.',
      );
    case 'prepare_timeout':
      return unmeasuredResult('internal', 'The artifact could not be prepared in time.');
    case 'untrue':
      return unmeasuredResult('internal', 'The thread of the guest broke the rules between it and its supervisor.');
    case 'terminated':
    case 'crashed':
      return unmeasuredResult('internal', 'The thread of the guest ended unexpectedly.');
  }
}
