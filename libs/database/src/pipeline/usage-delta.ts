import { outcomes } from '@tenon/contracts';
import type { ExecutionRecord } from './execution-record.js';

/** What one micro-batch adds to the usage of one function in one hour. */
export interface UsageDelta {
  readonly functionId: string;
  readonly hour: string;
  executions: number;
  succeeded: number;
  failedGuest: number;
  failedCaller: number;
  failedOurs: number;
  instructions: number;
  fuel: number;
  cpuUs: number;
}

const counterOf = { none: 'succeeded', guest: 'failedGuest', caller: 'failedCaller', ours: 'failedOurs' } as const;

/** Adds executions up per function and hour (UTC) of their start. */
export function usageOf(executions: readonly ExecutionRecord[]): readonly UsageDelta[] {
  const deltas = new Map<string, UsageDelta>();
  for (const execution of executions) {
    const hour = hourOf(execution.startedAt);
    const key = `${execution.functionId} ${hour}`;
    const delta = deltas.get(key) ?? emptyDelta(execution.functionId, hour);
    deltas.set(key, delta);
    delta.executions += 1;
    delta[counterOf[outcomes[execution.outcome].fault]] += 1;
    delta.instructions += execution.instructionsUsed;
    delta.fuel += execution.fuelUsed;
    delta.cpuUs += execution.cpuUs;
  }
  return [...deltas.values()];
}

function hourOf(time: Date): string {
  const hour = new Date(time);
  hour.setUTCMinutes(0, 0, 0);
  return hour.toISOString();
}

function emptyDelta(functionId: string, hour: string): UsageDelta {
  return {
    functionId,
    hour,
    executions: 0,
    succeeded: 0,
    failedGuest: 0,
    failedCaller: 0,
    failedOurs: 0,
    instructions: 0,
    fuel: 0,
    cpuUs: 0,
  };
}
