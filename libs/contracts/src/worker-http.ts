import { z } from 'zod';
import { idSchema, nameSchema } from './ids.js';
import { problemCodes } from './problems.js';

/**
 * The worker's internal endpoint, for runs whose caller waits. It listens on a private address, every call carries
 * `Authorization: Bearer <internal token>`, and it is never reachable by a tenant.
 */
export const workerRoutes = {
  /** POST {@link testRunRequestSchema} -> 200 {@link testRunAnswerSchema}; 503 with Retry-After when busy. */
  testRuns: '/internal/v1/test-runs',
  /** Upgraded to frames, see `run-frames.ts`: {@link runRequestSchema} -> {@link runResponseSchema}. */
  runs: '/internal/v1/runs',
  health: '/healthz',
  readiness: '/readyz',
  /** Prometheus' text format; with the internal token or TENON_METRICS_TOKEN. */
  metrics: '/metrics',
} as const;

/** Runs one version of a function on an input and records it as a test or a replay. */
export const testRunRequestSchema = z.object({
  tenantId: idSchema('tenant'),
  versionId: idSchema('version'),
  /** The input as JSON text: text, because what the guest sees must not depend on who parsed it before. */
  input: z.string(),
  /** Recorded as a replay, with what the run before it had; without it, as a test. */
  again: z
    .object({
      functionId: idSchema('function'),
      clockMs: z.number(),
      seed: z.string(),
      /** Null for none. */
      settingsId: idSchema('settings').nullable(),
      position: z.number().nullable(),
    })
    .optional(),
  /** Who asked, for the audit. */
  actor: z.string().optional(),
});
export type TestRunRequest = z.infer<typeof testRunRequestSchema>;

/** The execution is in Postgres before this is answered. */
export const testRunAnswerSchema = z.object({ executionId: idSchema('execution') });
export type TestRunAnswer = z.infer<typeof testRunAnswerSchema>;

/** Why the worker did not run it: the same codes as the public problems, so that the api can pass them on. */
export const workerRefusalSchema = z.object({
  code: z.enum(['not_found', 'version_not_ready', 'invalid_request', 'unauthenticated', 'unavailable', 'internal']),
  detail: z.string(),
});
export type WorkerRefusal = z.infer<typeof workerRefusalSchema>;

/** The head of a question: runs a point. The body of its frame is the body of the public request, as it came. */
export const runRequestSchema = z.object({
  /** Names the run: its records have ids made of it, so that a run which is sent twice is recorded once. */
  runId: idSchema('event'),
  tenantId: idSchema('tenant'),
  point: nameSchema,
  /** Who asked, for the audit. */
  actor: z.string(),
  /** What the caller wants to wait at most, in milliseconds; never longer than the point allows. */
  deadlineMs: z.number().optional(),
  /** What of it the api has used up. */
  spentMs: z.number(),
});
export type RunRequest = z.infer<typeof runRequestSchema>;

/** Where the time of a run went, in milliseconds. */
export const runTimingSchema = z.object({ check: z.number(), run: z.number(), keep: z.number() });
export type RunTiming = z.infer<typeof runTimingSchema>;

/** The head of an answer. Without a refusal, the body of its frame is the body of the public answer. */
export const runResponseSchema = z.object({
  timing: runTimingSchema.optional(),
  /** Runs in the worker's hands. */
  load: z.number(),
  refusal: z
    .object({
      code: z.enum(problemCodes),
      detail: z.string(),
      errors: z.array(z.object({ pointer: z.string(), message: z.string() })).default([]),
      /** False where nothing was run: another worker may. */
      begun: z.boolean(),
    })
    .optional(),
});
export type RunResponse = z.infer<typeof runResponseSchema>;
