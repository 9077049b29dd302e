import type { Id } from '@tenon/contracts';
import type { Database, RecordBatch, RecordedBatch, TenantBatch } from '@tenon/database';

interface Waiting {
  readonly part: TenantBatch;
  readonly resolve: (recorded: RecordedBatch) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupRecorderOptions {
  /** Commits under way at once. */
  readonly commitsMax: number;
  /** Executions in one commit; a batch that has more goes alone. */
  readonly executionsMax: number;
  /** Batches in one commit. */
  readonly batchesMax: number;
  /** Told about every commit, batch by batch in the same order. Must not throw. */
  readonly onCommitted?: (group: readonly TenantBatch[], recorded: readonly RecordedBatch[]) => void;
}

/**
 * Records what jobs bring in as few commits as possible, whosesoever they are. While one commit runs, the next group
 * gathers: a lone job waits for nobody, and a crowd shares. Callers bound how many batches wait.
 */
export class GroupRecorder {
  private waiting: Waiting[] = [];
  private committing = 0;

  constructor(
    private readonly recorder: Pick<Database['recorder'], 'recordTogether'>,
    private readonly options: GroupRecorderOptions,
  ) {}

  /** Resolves after the commit that carried the batch. @throws what Postgres threw; then nothing of it was recorded. */
  record(tenantId: Id<'tenant'>, batch: RecordBatch): Promise<RecordedBatch> {
    const { promise, resolve, reject } = Promise.withResolvers<RecordedBatch>();
    this.waiting.push({ part: { tenantId, batch }, resolve, reject });
    this.commitNext();
    return promise;
  }

  private commitNext(): void {
    if (this.committing >= this.options.commitsMax || this.waiting.length === 0) return;
    this.committing += 1;
    void this.commit(this.take()).finally(() => {
      this.committing -= 1;
      this.commitNext();
    });
  }

  private take(): readonly Waiting[] {
    const { executionsMax, batchesMax } = this.options;
    let executions = 0;
    let batches = 0;
    for (const { part } of this.waiting) {
      const own = part.batch.executions.length;
      if (batches > 0 && (executions + own > executionsMax || batches >= batchesMax)) break;
      executions += own;
      batches += 1;
    }
    return this.waiting.splice(0, batches);
  }

  private async commit(group: readonly Waiting[]): Promise<void> {
    try {
      const parts = group.map(({ part }) => part);
      const recorded = await this.recorder.recordTogether(parts);
      this.options.onCommitted?.(parts, recorded);
      for (const [place, { resolve }] of group.entries()) resolve(recorded[place] ?? { recorded: [] });
    } catch (error) {
      // What one batch is refused for must not be the end of the others.
      if (group.length === 1) group[0]?.reject(error);
      else for (const one of group) await this.commit([one]);
    }
  }
}
