import type { Id } from '@tenon/contracts';
import type { Database, RecordBatch, RecordedBatch, TenantBatch } from '@tenon/database';

interface Waiting {
  readonly part: TenantBatch;
  /** Of its inputs, outputs and logs. */
  readonly characters: number;
  readonly resolve: (recorded: RecordedBatch) => void;
  readonly reject: (error: unknown) => void;
}

/** What waits for its turn, and how many commits of it are under way. */
interface Lane {
  waiting: Waiting[];
  committing: number;
}

/**
 * A batch of at most so many executions waits for others like it and for no larger one: a commit of hundreds of rows
 * takes ten times as long, and nobody's single event has to wait for somebody's flood.
 */
const smallExecutionsMax = 20;

export interface GroupRecorderOptions {
  /** Commits under way at once, of small batches and of large ones each. */
  readonly commitsMax: number;
  /** Executions in one commit; a batch that has more goes alone. */
  readonly executionsMax: number;
  /** Characters of inputs, outputs and logs in one commit; a batch that has more goes alone. */
  readonly charactersMax: number;
  /** Batches in one commit. */
  readonly batchesMax: number;
  /** What they become in it at most: those of one tenant that nobody in particular asked for are one part. */
  readonly partsMax: number;
  /** Told about every commit, batch by batch in the same order. Must not throw. */
  readonly onCommitted?: (group: readonly TenantBatch[], recorded: readonly RecordedBatch[]) => void;
}

/**
 * Records what jobs bring in as few commits as possible, whosesoever they are. While one commit runs, the next group
 * gathers: a lone job waits for nobody, and a crowd shares. Callers bound how many batches wait.
 */
export class GroupRecorder {
  private readonly small: Lane = { waiting: [], committing: 0 };
  private readonly large: Lane = { waiting: [], committing: 0 };

  constructor(
    private readonly recorder: Pick<Database['recorder'], 'recordTogether'>,
    private readonly options: GroupRecorderOptions,
  ) {}

  /** Resolves after the commit that carried the batch. @throws what Postgres threw; then nothing of it was recorded. */
  record(tenantId: Id<'tenant'>, batch: RecordBatch): Promise<RecordedBatch> {
    const { promise, resolve, reject } = Promise.withResolvers<RecordedBatch>();
    const characters = charactersIn(batch);
    const isSmall = batch.executions.length <= smallExecutionsMax && characters <= this.options.charactersMax / 10;
    const lane = isSmall ? this.small : this.large;
    lane.waiting.push({ part: { tenantId, batch }, characters, resolve, reject });
    this.commitNext(lane);
    return promise;
  }

  private commitNext(lane: Lane): void {
    if (lane.committing >= this.options.commitsMax || lane.waiting.length === 0) return;
    lane.committing += 1;
    void this.commit(this.take(lane)).finally(() => {
      lane.committing -= 1;
      this.commitNext(lane);
    });
  }

  private take(lane: Lane): readonly Waiting[] {
    const { executionsMax, charactersMax, batchesMax, partsMax } = this.options;
    const parts = new Set<string>();
    let executions = 0;
    let characters = 0;
    let batches = 0;
    for (const { part, characters: text } of lane.waiting) {
      const own = part.batch.executions.length;
      const isFull = executions + own > executionsMax || characters + text > charactersMax || batches >= batchesMax;
      if (batches > 0 && isFull) break;
      parts.add(isNobodys(part) ? part.tenantId : `${part.tenantId} ${batches}`);
      if (parts.size > partsMax) break;
      executions += own;
      characters += text;
      batches += 1;
    }
    return lane.waiting.splice(0, batches);
  }

  private async commit(group: readonly Waiting[]): Promise<void> {
    try {
      const parts = together(group.map(({ part }) => part));
      const recorded = await this.recorder.recordTogether(parts);
      this.options.onCommitted?.(parts, recorded);
      const fresh = new Set(recorded.flatMap((one) => one.recorded));
      for (const { part, resolve } of group) {
        resolve({ recorded: part.batch.executions.flatMap(({ id }) => (fresh.has(id) ? [id] : [])) });
      }
    } catch (error) {
      // What one batch is refused for must not be the end of the others.
      if (group.length === 1) group[0]?.reject(error);
      else for (const one of group) await this.commit([one]);
    }
  }
}

function charactersIn({ executions }: RecordBatch): number {
  let sum = 0;
  for (const { input, output, log } of executions) sum += (input?.length ?? 0) + (output?.length ?? 0) + log.length;
  return sum;
}

/** Batches of one tenant become one, with one audit entry, unless somebody in particular asked for a run. */
function together(parts: readonly TenantBatch[]): readonly TenantBatch[] {
  const shared = Map.groupBy(parts.filter(isNobodys), ({ tenantId }) => tenantId);
  const merged = [...shared].map(([tenantId, own]) => ({ tenantId, batch: mergedOf(own.map(({ batch }) => batch)) }));
  return [...merged, ...parts.filter((part) => !isNobodys(part))];
}

function isNobodys({ batch }: TenantBatch): boolean {
  return batch.actor === undefined && batch.requestId === undefined;
}

function mergedOf(batches: readonly RecordBatch[]): RecordBatch {
  const [first] = batches;
  if (first !== undefined && batches.length === 1) return first;
  return {
    executions: batches.flatMap(({ executions }) => executions),
    doneEvents: batches.flatMap(({ doneEvents = [] }) => doneEvents),
    againEvents: batches.flatMap(({ againEvents = [] }) => againEvents),
    pointResults: batches.flatMap(({ pointResults = [] }) => pointResults),
  };
}
