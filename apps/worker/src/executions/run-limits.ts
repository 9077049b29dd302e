import { componentMemoryBytesMax, defaultExecutionLimits, type ExecutionLimits } from '@tenon/contracts';
import type { RunnableFunction } from '@tenon/database';

/**
 * The smaller of the point's and the plan's limit, each. Components carry a language runtime, so where both left the
 * memory at its default they get the larger default of components (docs/limits.md).
 */
export function runLimits(target: LimitedFunction): ExecutionLimits {
  const known = knownLimits.get(target);
  if (known !== undefined) return known;
  const limits = limitsOf(target);
  knownLimits.set(target, limits);
  return limits;
}

type LimitedFunction = Pick<RunnableFunction, 'abi' | 'point' | 'planLimits'>;

/** A function that is live stays one and the same object from run to run. */
const knownLimits = new WeakMap<LimitedFunction, ExecutionLimits>();

function limitsOf(target: LimitedFunction): ExecutionLimits {
  const { point, planLimits } = target;
  const smaller = (name: keyof ExecutionLimits) => Math.min(point.limits[name], planLimits[name]);
  return {
    instructionsMax: smaller('instructionsMax'),
    memoryBytesMax: memoryBytesMax(target),
    stackBytesMax: smaller('stackBytesMax'),
    inputBytesMax: smaller('inputBytesMax'),
    outputBytesMax: smaller('outputBytesMax'),
    logBytesMax: smaller('logBytesMax'),
    deadlineMs: smaller('deadlineMs'),
  };
}

function memoryBytesMax({ abi, point, planLimits }: LimitedFunction): number {
  const given = [point.limits.memoryBytesMax, planLimits.memoryBytesMax];
  if (abi !== 'component') return Math.min(...given);
  return Math.min(
    ...given.map((max) => (max === defaultExecutionLimits.memoryBytesMax ? componentMemoryBytesMax : max)),
  );
}
