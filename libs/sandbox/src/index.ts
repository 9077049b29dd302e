export * from './errors.js';
export type { ArtifactSource } from './pool/job.js';
export type { SandboxLogger, SandboxPoolOptions } from './pool/pool-options.js';
export type { PoolStats, ProcessStats } from './pool/pool-stats.js';
export { createSandboxPool, type ExecutionContext, type SandboxPool } from './pool/sandbox-pool.js';
export type { SandboxConfiguration, SandboxVitals } from './protocol/control.js';
export * from './protocol/frames.js';
export { encodeRunResult } from './protocol/result-encoder.js';
export * from './protocol/run-request.js';
