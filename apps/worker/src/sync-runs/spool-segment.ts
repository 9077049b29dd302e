import { constants } from 'node:fs';
import { type FileHandle, open, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { spoolFileName } from './spool-owner.js';

/** Where a line is kept: a file that goes once all of its lines are settled and no further one comes. */
export interface SpoolPlace {
  readonly file: string;
  unsettled: number;
  sealed: boolean;
}

/** A file that is written to, from its start. */
export interface Segment extends SpoolPlace {
  readonly handle: FileHandle;
  /** Written so far. */
  bytes: number;
  /** So much of it is zeros on the disk until it is written. */
  zeroBytes: number;
}

/** 1 MB is 1,000,000 bytes. */
const zeroBytesMax = 4_000_000;
const zeros = Buffer.alloc(500_000);
/** A write returns when its bytes are on the disk: one call where writing and syncing would be two. */
const synced = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;

let files = 0;

export async function createSegment(folder: string): Promise<Segment> {
  files += 1;
  const file = path.join(folder, spoolFileName(files));
  const handle = await open(file, synced, 0o600);
  const segment = { file, handle, bytes: 0, zeroBytes: 0, unsettled: 0, sealed: false };
  try {
    await syncFolder(folder);
  } catch (error) {
    await discardSegment(segment);
    throw error;
  }
  return segment;
}

/**
 * A segment of zeros. A file that grows has its new length written to the disk with every write, in a place of its own;
 * one that has its length takes a fifth of the time.
 */
export async function createZeroSegment(folder: string): Promise<Segment> {
  const segment = await createSegment(folder);
  try {
    for (let at = 0; at < zeroBytesMax; at += zeros.length) await segment.handle.write(zeros, 0, zeros.length, at);
  } catch (error) {
    await discardSegment(segment);
    throw error;
  }
  segment.zeroBytes = zeroBytesMax;
  return segment;
}

/** Whole lines. A file whose writing failed half way is not written to again: a line behind half a line would be lost. */
export async function writeLines(segment: Segment, bytes: Uint8Array, lines: number): Promise<void> {
  const start = segment.bytes;
  segment.unsettled += lines;
  segment.bytes += bytes.length;
  try {
    for (let at = 0; at < bytes.length; ) {
      at += (await segment.handle.write(bytes, at, bytes.length - at, start + at)).bytesWritten;
    }
  } catch (error) {
    segment.bytes = Number.POSITIVE_INFINITY;
    segment.unsettled -= lines;
    throw error;
  }
}

/** The lines of a file that was left behind. */
export function linesOf(text: string): string[] {
  // Behind the first zero nothing was written whole: a write was answered only when all before it was on the disk.
  const end = text.indexOf('\0');
  const written = end < 0 ? text : text.slice(0, end);
  // The last line may have been cut short by the end of its process; then nobody was told that it was kept.
  const whole = written.slice(0, written.lastIndexOf('\n') + 1);
  return whole.split('\n').filter((line) => line !== '');
}

export async function sealSegment(segment: Segment): Promise<void> {
  segment.sealed = true;
  await segment.handle.close();
  if (segment.unsettled === 0) await removeFile(segment);
}

/** One that was never written to. */
export async function discardSegment(segment: Segment): Promise<void> {
  await segment.handle.close().catch(() => undefined);
  await removeFile(segment);
}

export async function removeFile({ file }: SpoolPlace): Promise<void> {
  await unlink(file).catch(() => undefined);
}

/** Says to other hosts that the file is somebody's. */
export async function touchFile({ file }: SpoolPlace): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
}

/** The name of a new file is part of its folder, which has to be on the disk as well. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
