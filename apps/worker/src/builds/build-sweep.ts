import type { Database } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import { buildSettings } from './build-settings.js';

/**
 * Asks again for builds that have no end: the api died between commit and job, or Redis lost the job. Asking for a
 * build that is under way changes nothing, because its job has the same id.
 */
export class BuildSweep {
  constructor(
    private readonly database: Pick<Database, 'outbox'>,
    private readonly producer: Pick<QueueProducer, 'enqueueBuild'>,
  ) {}

  /** @returns for how many builds it asked. */
  async sweep(): Promise<number> {
    const { sweepAgeMs, sweepVersionsMax } = buildSettings;
    const unfinished = await this.database.outbox.unfinishedBuilds(sweepAgeMs, sweepVersionsMax);
    for (const { tenantId, versionId } of unfinished) await this.producer.enqueueBuild({ tenantId, versionId });
    return unfinished.length;
  }
}
