import { outcomes } from '@tenon/contracts';
import type { StepRun } from '../combination/run-point.js';
import { runLimits } from './run-limits.js';

/** Compiled code runs about so many instructions in a microsecond: 11,000,000 take some 10 ms. */
const fuelPerUs = 1_000;

/**
 * What a run costs its tenant's turn: the fuel that it used. The counters of one that was ended from outside died with
 * its thread, so it costs what it had the time for, up to its limit. Counting it as nothing would put a tenant whose
 * functions never end before all others.
 */
export function costOf({ target, run: { result } }: Pick<StepRun, 'target' | 'run'>): number {
  const { outcome, fuelUsed, wallUs } = result;
  if (fuelUsed > 0 || outcomes[outcome].fault !== 'guest') return fuelUsed;
  return Math.min(runLimits(target).instructionsMax, wallUs * fuelPerUs);
}
