import {
  defaultExecutionLimits,
  type ExecutionResult,
  newId,
  recordingPolicySchema,
  retryPolicySchema,
  unmeasuredResult,
} from '@tenon/contracts';
import type { RunnableFunction, RunnablePoint } from '@tenon/database';
import type { FinishedRun } from '../../src/executions/function-runner.js';

export function pointWith(changes: Partial<RunnablePoint> = {}): RunnablePoint {
  return {
    name: 'cart.discounts',
    version: 1,
    inputSchema: {},
    outputSchema: {},
    eventTypes: ['cart.updated'],
    limits: defaultExecutionLimits,
    mode: 'async',
    failurePolicy: 'open',
    combination: 'all',
    retry: retryPolicySchema.parse({}),
    recording: recordingPolicySchema.parse({}),
    ...changes,
  };
}

export function functionOn(point: RunnablePoint, changes: Partial<RunnableFunction> = {}): RunnableFunction {
  return {
    functionId: newId('function'),
    functionName: 'discounts',
    versionId: newId('version'),
    artifactSha256: 'a'.repeat(64),
    abi: 'wasi-command',
    engine: '1',
    position: 1,
    settings: null,
    settingsId: null,
    point,
    planLimits: defaultExecutionLimits,
    isolation: 'shared',
    ...changes,
  };
}

/** A run that ended with this output, and perhaps a log, or with this outcome. */
export function finished(
  how: { readonly output: string; readonly log?: string } | { readonly outcome: ExecutionResult['outcome'] },
): FinishedRun {
  const result =
    'output' in how ? { ...unmeasuredResult('succeeded', 'fine'), ...how } : unmeasuredResult(how.outcome, 'not fine');
  return { startedAtMs: 0, clockMs: 0, seed: '0'.repeat(64), engine: '1', result };
}
