import { createHash } from 'node:crypto';
import type { BuildJob, ExecutionJob } from '@tenon/contracts';

/** One job per version: asking twice for the same build is asking once. */
export function buildJobId(job: BuildJob): string {
  return job.versionId;
}

/** The same events in the same order make the same job, so a batch that is handed over twice waits once. */
export function executionJobId(job: ExecutionJob): string {
  const digest = createHash('sha256').update(job.eventIds.join('\n')).digest('hex');
  return `${job.tenantId}-${digest.slice(0, 32)}`;
}
