import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';

/** Where a line is kept: a file that goes once all of its lines are settled and no further one comes. */
export interface SpoolPlace {
  readonly file: string;
  unsettled: number;
  sealed: boolean;
}

/** A file that is written to. */
interface Segment extends SpoolPlace {
  readonly handle: FileHandle;
  bytes: number;
}

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

/** A new file then. 1 MB is 1,000,000 bytes. */
const segmentBytesMax = 16_000_000;
/** A disk takes a millisecond mostly and ten at times: whoever comes meanwhile writes to another file. */
const lanesMax = 3;
/** Lines that go to the disk together. */
const batchBytesMax = 4_000_000;
/** A file of another host that nobody has touched for so long belongs to nobody. */
const abandonedMs = 5 * 60_000;
/** How often a live process touches its file. */
const touchMs = 60_000;
const suffix = '.runs';
/** A write returns when its bytes are on the disk: one call where writing and syncing would be two. */
const synced = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_DSYNC;

/**
 * Keeps lines on this machine's disk until they are settled. A line is kept when it has been written and synced, for
 * all lines at once that came meanwhile: neither the end of the process nor of the power loses it.
 */
export class RunSpool {
  private waiting: Waiting[] = [];
  private readonly lanes: readonly Lane[] = Array.from({ length: lanesMax }, () => ({ current: undefined }));
  private isDue = false;
  private files = 0;
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

  /** @param line - without a line break. Resolves once it is kept. @throws where the disk refuses it */
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
    await remove(place);
    this.taken.delete(place);
  }

  /** What processes left behind that are gone, and was not taken over before. @throws last, where a file can't be read */
  async *leftOvers(): AsyncIterable<LeftOver> {
    const unreadable: unknown[] = [];
    for (const name of await readdir(this.folder)) {
      const file = path.join(this.folder, name);
      if (!name.endsWith(suffix) || this.isTaken(file) || !(await this.isAbandoned(name, file))) continue;
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        // Another worker may have been faster. What is there and can't be read is not for us to throw away.
        if (!isGone(error)) unreadable.push(error);
        return undefined;
      });
      if (text === undefined) continue;
      // The last line may have been cut short by the end of its process; then nobody was told that it was kept.
      const lines = text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter((line) => line !== '');
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
    for (const lane of this.lanes) {
      const { current } = lane;
      lane.current = undefined;
      if (current !== undefined) await seal(current);
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
      const segment = await this.segment(lane);
      const bytes = Buffer.from(`${batch.map(({ line }) => line).join('\n')}\n`);
      segment.unsettled += batch.length;
      segment.bytes += bytes.length;
      await writeAll(segment, bytes, batch.length);
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

  private async segment(lane: Lane): Promise<Segment> {
    const { current } = lane;
    if (current !== undefined && current.bytes < segmentBytesMax) return current;
    if (current !== undefined) await seal(current);
    this.files += 1;
    const file = path.join(this.folder, `${hostname()}-${process.pid}-${Date.now()}-${this.files}${suffix}`);
    const handle = await open(file, synced, 0o600);
    await syncFolder(this.folder);
    lane.current = { file, handle, bytes: 0, unsettled: 0, sealed: false };
    return lane.current;
  }

  private async isAbandoned(name: string, file: string): Promise<boolean> {
    const owner = /^(.+)-(\d+)-\d+-(\d+)\.runs$/.exec(name);
    if (owner?.[1] === hostname()) return !isAlive(Number(owner[2]), name);
    const found = await stat(file).catch(() => undefined);
    return found !== undefined && Date.now() - found.mtimeMs > abandonedMs;
  }

  private async touch(): Promise<void> {
    const now = new Date();
    for (const { current } of this.lanes) {
      if (current !== undefined) await utimes(current.file, now, now).catch(() => undefined);
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

const startedMs = Date.now() - process.uptime() * 1_000;

/** A process in a container has the same number as the one before it, so its own number is not enough. */
function isAlive(pid: number, name: string): boolean {
  if (pid === process.pid) return Number(name.split('-').at(-2)) >= startedMs;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A file whose writing failed half way is not written to again: a line behind half a line would be lost. */
async function writeAll(segment: Segment, bytes: Uint8Array, lines: number): Promise<void> {
  try {
    for (let at = 0; at < bytes.length; ) at += (await segment.handle.write(bytes, at)).bytesWritten;
  } catch (error) {
    segment.bytes = Number.POSITIVE_INFINITY;
    segment.unsettled -= lines;
    throw error;
  }
}

async function seal(segment: Segment): Promise<void> {
  segment.sealed = true;
  await segment.handle.close();
  if (segment.unsettled === 0) await remove(segment);
}

async function remove({ file }: SpoolPlace): Promise<void> {
  await unlink(file).catch(() => undefined);
}

/** The name of a new file is part of its folder, which has to be on the disk as well. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}
