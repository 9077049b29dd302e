import { bodyFlag, type DecodedModule } from '../inspect/decoded-module.js';

/**
 * How a function takes part in metering. `outer` keeps its signature and finds the counters in their globals: tail
 * calls need that to stay tail calls. `full` is handed the stack left and the fuel, and gives the fuel back; `leaf`
 * needs so little stack, with all that it calls, that it is not handed the stack; `free` always costs the same, so its caller pays and it is left as it was;
 * `slim` is a leaf with the signature of `full`, which all functions in a private table have.
 */
export const shape = { outer: 0, full: 1, leaf: 2, free: 3, slim: 4 } as const;
export type Shape = (typeof shape)[keyof typeof shape];

/**
 * A function that needs no more than this with everything it calls takes nothing off the stack; calls of that kind nest
 * 32 deep at most, since no frame has less than 64 bytes.
 */
export const uncountedBytesMax = 2_048;
/**
 * What a function may cost that leaves checking to its caller. Calls are small: with a larger number a short caller
 * could ask for very much work between two of its checks.
 */
export const uncheckedCalleeMax = 64;

/** Who may call a function beside direct calls. */
export interface Callers {
  /** Someone outside, or an indirect call that expects the original type. */
  readonly outside: boolean;
  /** Indirect calls through a private table. */
  readonly table: boolean;
  readonly direct: boolean;
}

/** Decides how a function takes part. @param stackNeed what it needs with everything it calls: see `stackNeeds`. */
export function chooseShape(module: DecodedModule, at: number, stackNeed: number, callers: Callers): Shape {
  const flags = module.bodyFlags[at] as number;
  if (flags & bodyFlag.tailCalls) return shape.outer;
  if (stackNeed > uncountedBytesMax) return shape.full;
  const fixed = module.fixedCosts[at] as number;
  const free = fixed > 0 && fixed <= uncheckedCalleeMax;
  if (free && (callers.direct || callers.outside || !callers.table)) return shape.free;
  return callers.table ? shape.slim : shape.leaf;
}

/** Whether functions of this shape are handed the stack that is left. */
export function takesDepth(own: Shape): boolean {
  return own === shape.full || own === shape.slim;
}
