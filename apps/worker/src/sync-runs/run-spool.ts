import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { isOwnerAlive, spoolSuffix } from './spool-owner.js';
import {
  createSegment,
  createZeroSegment,
  discardSegment,
  linesOf,
  removeFile,
  type Segment,
  type SpoolPlace,
  sealSegment,
  touchFile,
  writeLines,
} from './spool-segment.js';

export type { SpoolPlace } from './spool-segment.js';

interface Waiting {
  readonly line: string;
  readonly resolve: (place: Segment) => void;
  readonly reject: (error: unknown) => void;
}

/** One after the other in a file; what comes while all files are being written to waits for the first that is not. */
interface Lane {
  current: Segment | undefined;
  /** Absent where nothing is being written. */
  writing?: Promise<void>;
}

/** A file that somebody left behind. It goes when its lines are settled. */
export interface LeftOver {
  readonly lines: readonly string[];
  readonly place: SpoolPlace;
}

/** A new file then, where none of zeros was ready before. 1 MB is 1,000,000 bytes. */
const segmentBytesMax = 16_000_000;
/** A disk takes a millisecond mostly and ten at times: whoever comes meanwhile writes to another file. */
const lanesMax = 3;
/** Lines that go to the disk together. */
const batchBytesMax = 4_000_000;
/** A file of another host that nobody has touched for so long belongs to nobody. */
const abandonedMs = 5 * 60_000;
/** How often a live process touches its files. */
const touchMs = 60_000;

/**
 * Keeps lines on this machine's disk until they are settled. A line is kept when it has been written and synced, for
 * all lines at once that came meanwhile: neither the end of the process nor of the power loses it.
 */
export class RunSpool {
  private waiting: Waiting[] = [];
  private readonly lanes: readonly Lane[] = Array.from({ length: lanesMax }, () => ({ current: undefined }));
  private isDue = false;
  /** The next file of zeros, or what makes it. */
  private spare: Segment | undefined;
  private preparing: Promise<void> | undefined;
  private closing = false;
  /** Files of others that were taken over. */
  private readonly taken = new Set<SpoolPlace>();
  private readonly touching: NodeJS.Timeout;

  private constructor(private readonly folder: string) {
    this.touching = setInterval(() => void this.touch(), touchMs);
    this.touching.unref();
  }

  /** @throws where the folder can't be written to */
  static async open(folder: string): Promise<RunSpool> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new RunSpool(folder);
  }

  /** @param line - without a line break or a zero. Resolves once it is kept. @throws where the disk refuses it */
  append(line: string): Promise<Segment> {
    const { promise, resolve, reject } = Promise.withResolvers<Segment>();
    this.waiting.push({ line, resolve, reject });
    this.writeSoon();
    return promise;
  }

  /** A line is not needed any more. */
  async settle(place: SpoolPlace, lines = 1): Promise<void> {
    place.unsettled -= lines;
    if (place.unsettled > 0 || !place.sealed) return;
    await removeFile(place);
    this.taken.delete(place);
  }

  /** What processes left behind that are gone, and was not taken over before. @throws last, where a file can't be read */
  async *leftOvers(): AsyncIterable<LeftOver> {
    const unreadable: unknown[] = [];
    for (const name of await readdir(this.folder)) {
      const file = path.join(this.folder, name);
      if (!name.endsWith(spoolSuffix) || this.isTaken(file) || !(await isAbandoned(name, file))) continue;
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        // Another worker may have been faster. What is there and can't be read is not for us to throw away.
        if (!isGone(error)) unreadable.push(error);
        return undefined;
      });
      if (text === undefined) continue;
      const lines = linesOf(text);
      const place = { file, unsettled: lines.length, sealed: true };
      this.taken.add(place);
      yield { lines, place };
      if (lines.length === 0) await this.settle(place, 0);
    }
    if (unreadable.length > 0) throw unreadable[0];
  }

  private isTaken(file: string): boolean {
    return this.taken.values().some((place) => place.file === file);
  }

  /** Keeps a line aside that can't be settled ever, for a person to look at. */
  async setAside(line: string): Promise<void> {
    const handle = await open(path.join(this.folder, 'rejected.jsonl'), 'a', 0o600);
    await handle.appendFile(`${line}\n`);
    await handle.close();
  }

  async close(): Promise<void> {
    clearInterval(this.touching);
    const isWriting = () => this.waiting.length > 0 || this.lanes.some(({ writing }) => writing !== undefined);
    while (isWriting()) {
      await Promise.all(this.lanes.map(({ writing }) => writing));
      await immediate();
    }
    this.closing = true;
    await this.preparing;
    const { spare } = this;
    this.spare = undefined;
    if (spare !== undefined) await discardSegment(spare);
    for (const lane of this.lanes) {
      const { current } = lane;
      lane.current = undefined;
      if (current !== undefined) await sealSegment(current);
    }
  }

  private writeSoon(): void {
    const lane = this.lanes.find(({ writing }) => writing === undefined);
    if (this.isDue || lane === undefined || this.waiting.length === 0) return;
    this.isDue = true;
    // Behind all that has arrived by now, so that it is written together.
    setImmediate(() => {
      this.isDue = false;
      lane.writing = this.write(lane).finally(() => {
        delete lane.writing;
        this.writeSoon();
      });
      this.writeSoon();
    });
  }

  private async write(lane: Lane): Promise<void> {
    const batch = this.take();
    try {
      const bytes = Buffer.from(`${batch.map(({ line }) => line).join('\n')}\n`);
      const segment = await this.segment(lane, bytes.length);
      await writeLines(segment, bytes, batch.length);
      for (const one of batch) one.resolve(segment);
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
  }

  private take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { line } of this.waiting) {
      if (count > 0 && bytes + line.length > batchBytesMax) break;
      bytes += line.length;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  /** One of zeros while there is one; nobody waits for the next, and a file that grows meanwhile is only slower. */
  private async segment(lane: Lane, bytes: number): Promise<Segment> {
    const { current } = lane;
    if (current !== undefined && current.bytes + bytes <= current.zeroBytes) return current;
    const spare = this.takeSpare();
    if (spare === undefined && current !== undefined && current.bytes < segmentBytesMax) return current;
    if (current !== undefined) await sealSegment(current);
    lane.current = spare ?? (await createSegment(this.folder));
    return lane.current;
  }

  private takeSpare(): Segment | undefined {
    const { spare } = this;
    this.spare = undefined;
    if (!this.closing) this.preparing ??= this.prepare();
    return spare;
  }

  private async prepare(): Promise<void> {
    // Where the disk refuses it, the next write tries again, and says what is wrong where that fails as well.
    this.spare = await createZeroSegment(this.folder).catch(() => undefined);
    this.preparing = undefined;
  }

  private async touch(): Promise<void> {
    for (const one of [this.spare, ...this.lanes.map(({ current }) => current)]) {
      if (one !== undefined) await touchFile(one);
    }
  }
}

async function isAbandoned(name: string, file: string): Promise<boolean> {
  const isAlive = isOwnerAlive(name);
  if (isAlive !== undefined) return !isAlive;
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > abandonedMs;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
