import { reservedPrefix } from '../inspect/external-types.js';

/** Logical bytes of stack that a run has when nobody says otherwise: 512 kB, as Shopify's functions have. */
export const stackBytesDefault = 512_000;

/**
 * Instructions that are taken from the reserve at a time. While code runs, the rest of a slice lives in registers, so
 * after a trap of the engine's own (a division by zero, say) the host's figure may lag by at most one slice.
 */
export const sliceInstructions = 8_192;

/** Stands for "no limit"; far from where 64-bit arithmetic could wrap. */
export const unlimited = 2n ** 61n;

/** The mutable globals that code and host share, in the order of their indices. */
export const counterNames = [
  'fuel',
  'reserve',
  'bulk',
  'memory',
  'memoryMax',
  'refused',
  'depth',
  'stack',
  'limit',
] as const;
export type CounterName = (typeof counterNames)[number];

/** `i64` as the binary format writes it. */
const i64 = 0x7e;
const i32 = 0x7f;
export const counterTypes: Readonly<Record<CounterName, number>> = {
  fuel: i64,
  reserve: i64,
  bulk: i64,
  memory: i64,
  memoryMax: i64,
  refused: i64,
  depth: i32,
  stack: i32,
  limit: i32,
};

/** Under which name a module in own-counter mode exports a counter. */
export function counterExport(name: CounterName | 'start'): string {
  return `${reservedPrefix}.${name}`;
}

/** Under which module name a module in imported-counter mode imports all of them. */
export const counterModule = reservedPrefix;

/** What the `limit` counter says. That instructions ran out shows in a negative reserve. */
export const limitCode = { none: 0, stack: 1 } as const;
