import { z } from 'zod';
import { idSchema } from './ids.js';

/**
 * The worker's internal endpoint, for runs whose caller waits. It listens on a private address, every call carries
 * `Authorization: Bearer <internal token>`, and it is never reachable by a tenant.
 */
export const workerRoutes = {
  /** POST {@link testRunRequestSchema} -> 200 {@link testRunAnswerSchema}; 503 with Retry-After when busy. */
  testRuns: '/internal/v1/test-runs',
  health: '/healthz',
  readiness: '/readyz',
  /** Prometheus' text format; with the internal token or TENON_METRICS_TOKEN. */
  metrics: '/metrics',
} as const;

/** Runs one version of a function on an input and records it as a test. */
export const testRunRequestSchema = z.object({
  tenantId: idSchema('tenant'),
  versionId: idSchema('version'),
  /** The input as JSON text: text, because what the guest sees must not depend on who parsed it before. */
  input: z.string(),
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
