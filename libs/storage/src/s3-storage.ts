import { createHash, randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { abortable } from './abortable.js';
import { assertAddress, sha256Of } from './address.js';
import { asS3Error, bytesOf, isAbsent } from './s3-errors.js';
import { type Bucket, move, putInParts, removeAbandoned } from './s3-multipart.js';
import { StorageError } from './storage.errors.js';
import type { ListedObject, PutOptions, ReadOptions, Storage, StoredObject } from './storage.js';

/** Where the bucket is and who asks. */
export interface S3StorageOptions {
  readonly bucket: string;
  readonly region: string;
  /** For servers other than Amazon's. */
  readonly endpoint?: string | undefined;
  /** Before every key, so that several installations can share a bucket; ends with `/` or is empty. */
  readonly prefix?: string | undefined;
  /** Absent: what the SDK finds, such as the role of the machine. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** The bucket as the first part of the path, not of the host name: what most servers other than Amazon's want. */
  readonly forcePathStyle?: boolean | undefined;
}

/** S3 wants parts of 5 MiB at least; up to this an object is one request, and an upload holds this much at most twice. */
const partBytes = 8 * 1024 * 1024;
const requestTimeoutMs = 30_000;
const attemptsMax = 4;

/**
 * Keeps objects under `objects/<sha256>` in a bucket. What fits into one part is put in place in one request, with its
 * SHA-256 for the server to check. Larger ones are put together under `incoming/` by a multipart upload, because their
 * name is only known at their end, and then copied to their place inside the store.
 */
class S3Storage implements Storage {
  constructor(private readonly target: Bucket) {}

  async put(source: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredObject> {
    const parts = this.parts(source, options);
    try {
      const first = await parts.next();
      const second = first.done ? first : await parts.next();
      if (first.done || second.done) return await this.putWhole(first.done ? new Uint8Array() : first.value);
      return await this.putLarge(first.value, second.value, parts);
    } finally {
      await parts.return(undefined);
    }
  }

  async *stream(sha256: string): AsyncIterable<Uint8Array> {
    const { chunks } = await this.open(sha256);
    const hash = createHash('sha256');
    try {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    } catch (error) {
      throw asS3Error(error);
    }
    assertMatches(sha256, hash.digest('hex'));
  }

  async read(sha256: string, options: ReadOptions): Promise<Uint8Array> {
    const { chunks, bytes, destroy } = await this.open(sha256);
    if (bytes > options.bytesMax) {
      destroy();
      throw tooLarge(options.bytesMax);
    }
    const parts: Uint8Array[] = [];
    try {
      for await (const chunk of chunks) parts.push(chunk);
    } catch (error) {
      throw asS3Error(error);
    }
    const whole = new Uint8Array(Buffer.concat(parts));
    assertMatches(sha256, sha256Of(whole));
    return whole;
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.facts(sha256)) !== null;
  }

  async delete(sha256: string): Promise<boolean> {
    // S3 does not say whether there was something to delete.
    if (!(await this.has(sha256))) return false;
    await this.send(() => this.target.client.send(new DeleteObjectCommand(this.place(sha256))));
    return true;
  }

  async *list(): AsyncIterable<ListedObject> {
    const { client, bucket, prefix } = this.target;
    const folder = `${prefix}objects/`;
    try {
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: folder })) {
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          yield { sha256: Key.slice(folder.length), bytes: Size, storedAtMs: LastModified?.getTime() ?? 0 };
        }
      }
    } catch (error) {
      throw asS3Error(error);
    }
  }

  async deleteStoredBefore(sha256: string, beforeMs: number): Promise<boolean> {
    const facts = await this.facts(sha256);
    return facts !== null && facts.storedAtMs < beforeMs && this.delete(sha256);
  }

  async probe(): Promise<void> {
    const { client, bucket, prefix } = this.target;
    const place = { Bucket: bucket, Key: `${prefix}incoming/${randomUUID()}` };
    await this.send(() => client.send(new PutObjectCommand({ ...place, Body: 'probe' })));
    await this.send(() => client.send(new DeleteObjectCommand(place)));
  }

  /** The source in pieces of the size of a part, the last one smaller, never more than the bound. */
  private async *parts(
    source: Uint8Array | AsyncIterable<Uint8Array>,
    { bytesMax, signal }: PutOptions,
  ): AsyncGenerator<Uint8Array, undefined> {
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    let bytes = 0;
    for await (const chunk of abortable(source, signal)) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      held.push(chunk);
      heldBytes += chunk.byteLength;
      while (heldBytes >= partBytes) {
        const whole = Buffer.concat(held);
        yield whole.subarray(0, partBytes);
        held = [whole.subarray(partBytes)];
        heldBytes -= partBytes;
      }
    }
    if (heldBytes > 0) yield Buffer.concat(held);
  }

  private async putWhole(body: Uint8Array): Promise<StoredObject> {
    const sha256 = sha256Of(body);
    const checksum = Buffer.from(sha256, 'hex').toString('base64');
    const put = { ...this.place(sha256), Body: body, ChecksumSHA256: checksum };
    await this.send(() => this.target.client.send(new PutObjectCommand(put)));
    return { sha256, bytes: body.byteLength };
  }

  private async putLarge(
    first: Uint8Array,
    second: Uint8Array,
    rest: AsyncIterable<Uint8Array>,
  ): Promise<StoredObject> {
    const key = `${this.target.prefix}incoming/${randomUUID()}`;
    async function* all() {
      yield first;
      yield second;
      yield* rest;
    }
    try {
      const stored = await putInParts(this.target, key, all());
      await move(this.target, key, this.place(stored.sha256).Key);
      return stored;
    } catch (error) {
      throw asS3Error(error);
    }
  }

  private async open(sha256: string) {
    const place = this.place(sha256);
    try {
      const { Body, ContentLength = 0 } = await this.target.client.send(new GetObjectCommand(place));
      return bytesOf(Body, ContentLength);
    } catch (error) {
      if (isAbsent(error)) throw new StorageError('not_found', `no object ${sha256}`);
      throw asS3Error(error);
    }
  }

  private async facts(sha256: string): Promise<{ readonly storedAtMs: number } | null> {
    const place = this.place(sha256);
    try {
      const { LastModified } = await this.target.client.send(new HeadObjectCommand(place));
      return { storedAtMs: LastModified?.getTime() ?? Date.now() };
    } catch (error) {
      if (isAbsent(error)) return null;
      throw asS3Error(error);
    }
  }

  private async send(call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (error) {
      throw asS3Error(error);
    }
  }

  private place(sha256: string) {
    assertAddress(sha256);
    return { Bucket: this.target.bucket, Key: `${this.target.prefix}objects/${sha256}` };
  }
}

/**
 * Opens a bucket, which has to be there, and removes what writers that died have left in it.
 *
 * @throws StorageError `unavailable`.
 */
export async function openS3Storage(options: S3StorageOptions): Promise<Storage & { close(): void }> {
  const { bucket, region, endpoint, prefix = '', credentials, forcePathStyle } = options;
  const client = new S3Client({
    region,
    maxAttempts: attemptsMax,
    requestHandler: { requestTimeout: requestTimeoutMs, connectionTimeout: 5_000 },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(forcePathStyle === undefined ? {} : { forcePathStyle }),
  });
  const target = { client, bucket, prefix };
  try {
    await removeAbandoned(target);
  } catch (error) {
    client.destroy();
    throw asS3Error(error);
  }
  return Object.assign(new S3Storage(target), { close: () => client.destroy() });
}

function tooLarge(bytesMax: number): StorageError {
  return new StorageError('too_large', `the object is larger than ${bytesMax} bytes`);
}

function assertMatches(wanted: string, found: string): void {
  if (wanted !== found) throw new StorageError('corrupt', `object ${wanted} has the content of ${found}`);
}
