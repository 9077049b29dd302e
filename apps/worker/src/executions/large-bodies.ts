import type { ExecutionRecord, RecordBatch } from '@tenon/database';
import type { Storage } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';

/** Larger inputs and outputs are kept in the storage instead of a row. Bytes as UTF-8; 1 kB is 1,000 bytes. */
export const inlineBytesMax = 64_000;
/** Larger than anything that a run may be given or return. */
const bodyBytesMax = 32_000_000;

/** Moves large inputs and outputs of records into the storage, under their hashes. */
export class LargeBodies {
  constructor(
    private readonly storage: Pick<Storage, 'put'>,
    private readonly logger: Logger,
  ) {}

  /** A storage that is full or away costs the body, never the record: its hash stays, and the log says what happened. */
  async move(batch: RecordBatch): Promise<RecordBatch> {
    if (!batch.executions.some(isLarge)) return batch;
    return { ...batch, executions: await Promise.all(batch.executions.map((one) => this.moveOf(one))) };
  }

  private async moveOf(execution: ExecutionRecord): Promise<ExecutionRecord> {
    const { input, output } = execution;
    let moved = execution;
    if (isLongText(input)) {
      const inputPlace = (await this.put(input)) ? ('storage' as const) : undefined;
      moved = { ...moved, input: undefined, inputPlace };
    }
    if (isLongText(output)) {
      const outputPlace = (await this.put(output)) ? ('storage' as const) : undefined;
      const { output: _moved, ...rest } = moved;
      moved = { ...rest, outputPlace };
    }
    return moved;
  }

  private async put(text: string): Promise<boolean> {
    try {
      await this.storage.put(Buffer.from(text), { bytesMax: bodyBytesMax });
      return true;
    } catch (error) {
      this.logger.warn({ err: error, bytes: Buffer.byteLength(text) }, 'a large input or output could not be kept');
      return false;
    }
  }
}

function isLarge({ input, output }: ExecutionRecord): boolean {
  return isLongText(input) || isLongText(output);
}

function isLongText(text: string | undefined): text is string {
  // A text has at least as many bytes as UTF-16 units, and at most three times as many.
  return text !== undefined && text.length * 3 > inlineBytesMax && Buffer.byteLength(text) > inlineBytesMax;
}
