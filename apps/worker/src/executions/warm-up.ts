import type { Database } from '@tenon/database';
import type { Activation } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import type { CurrentArtifacts } from './current-artifacts.js';
import type { WarmsGuests } from './function-runner.js';

/** Versions that wait to be prepared; one more is left to its first run. */
const waitingMax = 100;

/** Compiles versions in the sandboxes as they become live, one after the other, so that the first event need not wait. */
export class WarmUp {
  private readonly waiting: Activation[] = [];
  private working = false;

  constructor(
    private readonly parts: {
      readonly live: Pick<Database['liveFunctions'], 'byVersion'>;
      readonly pool: WarmsGuests;
      readonly artifacts: Pick<CurrentArtifacts, 'of'>;
      readonly logger: Logger;
    },
  ) {}

  /** Returns at once. */
  prepare(activation: Activation): void {
    if (this.waiting.length >= waitingMax) return;
    this.waiting.push(activation);
    if (!this.working) void this.work();
  }

  private async work(): Promise<void> {
    this.working = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      await this.warm(next).catch((error: unknown) =>
        this.parts.logger.warn({ err: error }, 'a version could not be prepared ahead of its first run'),
      );
    }
    this.working = false;
  }

  private async warm({ tenantId, versionId }: Activation): Promise<void> {
    const { live, pool, artifacts } = this.parts;
    const target = await live.byVersion(tenantId, versionId);
    // A tenant with processes of its own has them only while it runs something.
    if (target === null || target.isolation === 'dedicated') return;
    const { id, load } = await artifacts.of(tenantId, target);
    await pool.warm({ id, load });
  }
}
