import { z } from 'zod';

/** 1 kB is 1,000 bytes everywhere in Tenon, as in Shopify's published limits. */
const kB = 1_000;
const MB = 1_000_000;

/** What one execution may use. Every field is a ceiling. */
export const executionLimitsSchema = z
  .object({
    /** WebAssembly operators, by Wasmtime's fuel rule, plus what bulk operations cost by size. */
    instructionsMax: z.int().min(1_000).max(10_000_000_000).default(11_000_000),
    /** Linear memories and tables of the instance together. */
    memoryBytesMax: z
      .int()
      .min(65_536)
      .max(1_073_741_824)
      .default(10_000 * kB),
    /** Logical stack, counted by Tenon so that the depth is the same in every tier of V8. */
    stackBytesMax: z
      .int()
      .min(16 * kB)
      .max(4 * MB)
      .default(512 * kB),
    inputBytesMax: z
      .int()
      .min(1)
      .max(16 * MB)
      .default(128 * kB),
    outputBytesMax: z
      .int()
      .min(1)
      .max(16 * MB)
      .default(20 * kB),
    /** Log bytes that are kept; the rest is dropped and counted. */
    logBytesMax: z
      .int()
      .min(0)
      .max(1 * MB)
      .default(64 * kB),
    /** Wall-clock time, kept from outside the guest's thread. */
    deadlineMs: z.int().min(1).max(60_000).default(2_000),
  })
  .meta({ id: 'ExecutionLimits' });

/** The same as a request writes it: what is left out takes its default, and a misspelt limit is refused. */
export const executionLimitsBodySchema = z
  .strictObject(executionLimitsSchema.shape)
  .meta({ id: 'ExecutionLimitsBody' });

export type ExecutionLimits = z.output<typeof executionLimitsSchema>;

/** The defaults of docs/limits.md for a core function that runs asynchronously. */
export const defaultExecutionLimits: ExecutionLimits = executionLimitsSchema.parse({});

/** Components carry a language runtime, so they get the larger memory; a synchronous caller waits less long. */
export const componentMemoryBytesMax = 64 * MB;
export const synchronousDeadlineMs = 250;

/** What an upload may be, before anything parses it. */
export const uploadLimits = {
  coreModuleBytesMax: 4 * MB,
  componentBytesMax: 16 * MB,
} as const;

/** What one HTTP call may carry. */
export const requestLimits = {
  eventsPerCallMax: 1_000,
  jsonBodyBytesMax: 4 * MB,
  eventDataBytesMax: 128 * kB,
} as const;
