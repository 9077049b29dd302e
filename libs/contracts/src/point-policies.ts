import { z } from 'zod';
import { outcomeNames } from './outcomes.js';

/**
 * What becomes of several functions on one point: the outputs of `all` of them; the `first` that succeeds; a `pipeline`,
 * in which each output is the next one's input; or their outputs as JSON merge patches (RFC 7396), `merge`d in order.
 */
export const combinationSchema = z.enum(['all', 'first', 'pipeline', 'merge']);
export type Combination = z.infer<typeof combinationSchema>;

const failures = outcomeNames.filter((name) => name !== 'succeeded');
const secondMs = 1_000;
const hourMs = 3_600 * secondMs;

const retryShape = {
  /** Failures that are run again beside those of Tenon itself, which always are. A guest's are mostly deterministic. */
  outcomes: z.array(z.enum(failures)).max(failures.length).default([]),
  /** Runs of one event altogether, the first among them. */
  attemptsMax: z.int().min(1).max(20).default(3),
  /** Before the second run; doubled before each one after that, with jitter. */
  delayMs: z.int().min(100).max(hourMs).default(secondMs),
  delayMsMax: z
    .int()
    .min(100)
    .max(24 * hourMs)
    .default(60 * secondMs),
};

/** When an event is run again. */
export const retryPolicySchema = z.object(retryShape).meta({ id: 'RetryPolicy' });
export type RetryPolicy = z.output<typeof retryPolicySchema>;

/** The same as a request writes it: a misspelt member is refused. */
export const retryPolicyBodySchema = z.strictObject(retryShape).meta({ id: 'RetryPolicyBody' });

const keep = z.enum(['always', 'on_failure', 'never']);
const recordingShape = {
  /** Whether an execution keeps its input. Its hash is kept whatever this says. */
  inputs: keep.default('always'),
  outputs: keep.default('always'),
};

/** What an execution's record keeps of what went in and came out. */
export const recordingPolicySchema = z.object(recordingShape).meta({ id: 'RecordingPolicy' });
export type RecordingPolicy = z.output<typeof recordingPolicySchema>;

/** The same as a request writes it. */
export const recordingPolicyBodySchema = z.strictObject(recordingShape).meta({ id: 'RecordingPolicyBody' });
