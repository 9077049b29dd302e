import { describe, expect, it } from '@jest/globals';
import { defaultExecutionLimits, type ExecutionResult, unmeasuredResult } from '@tenon/contracts';
import { costOf } from '../../src/executions/run-cost.js';
import { functionOn, pointWith } from '../support/runnable.js';

const generous = { ...defaultExecutionLimits, instructionsMax: 2_000_000_000 };
const target = functionOn(pointWith({ limits: generous }), { planLimits: generous });
const costOfRun = (outcome: ExecutionResult['outcome'], measured: Partial<ExecutionResult>, of = target) => {
  const result = { ...unmeasuredResult(outcome, ''), ...measured };
  return costOf({ target: of, run: { startedAtMs: 0, clockMs: 0, seed: '', engine: '1', result } });
};

describe('what a run costs', () => {
  it('is the fuel that it used, however it ended and however long it took', () => {
    expect(costOfRun('succeeded', { fuelUsed: 50, wallUs: 1_000_000 })).toBe(50);
    expect(costOfRun('trap', { fuelUsed: 7 })).toBe(7);
  });

  it('is what there was time for where the deadline ended it: a function that never ends is not the cheapest', () => {
    expect(costOfRun('deadline', { wallUs: 500_000 })).toBe(500_000_000);
  });

  it('is never more than its limit', () => {
    expect(costOfRun('deadline', { wallUs: 5_000_000 })).toBe(2_000_000_000);
    expect(costOfRun('deadline', { wallUs: 5_000_000 }, functionOn(pointWith()))).toBe(11_000_000);
  });

  it('is nothing for what never ran, and for our own failures', () => {
    expect(costOfRun('circuit_open', {})).toBe(0);
    expect(costOfRun('deadline', {})).toBe(0);
    expect(costOfRun('internal', { wallUs: 500_000 })).toBe(0);
  });
});
