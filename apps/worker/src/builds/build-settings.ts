import { uploadLimits } from '@tenon/contracts';

export const buildSettings = {
  /** Uploads handed to the pool at once. It builds two at a time, tenant by tenant in turn, so it has to see several. */
  concurrency: 8,
  /** Tries of one version over all jobs; after that the version is `failed`, which is nobody's fault but ours. */
  attemptsMax: 6,
  /** How often versions without an end are looked for. */
  sweepMs: 5_000,
  /** A job normally exists within milliseconds of the upload's commit; one that is missing after this was lost. */
  sweepAgeMs: 3_000,
  sweepVersionsMax: 200,
  moduleBytesMax: Math.max(uploadLimits.componentBytesMax, uploadLimits.coreModuleBytesMax),
  /** Metering makes code about half as large again, and glue comes on top; this is a bound, not an expectation. */
  artifactBytesMax: 256_000_000,
} as const;
