import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import type { FastifyRequest } from 'fastify';

/** A body that is hashed while somebody else reads it. */
export interface HashedStream {
  readonly stream: Readable;
  /** SHA-256 of the whole body; undefined until all of it was read. */
  hash(): Buffer | undefined;
}

/** Passes `source` on as it comes and hashes it on the way; nothing is held. */
export function hashWhileReading(source: Readable): HashedStream {
  const hash = createHash('sha256');
  let digest: Buffer | undefined;
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      digest = hash.digest();
      done();
    },
  });
  // The reader learns of a failure from the stream that it reads.
  pipeline(source, tap, () => undefined);
  return { stream: tap, hash: () => digest };
}

/**
 * Reads what is left of a body for its hash alone.
 *
 * @returns undefined where it is longer than `bytesMax`; what is beyond is not read
 */
export async function drain(hashed: HashedStream, bytesMax: number): Promise<Buffer | undefined> {
  let bytes = 0;
  for await (const chunk of hashed.stream.iterator({ destroyOnReturn: false })) {
    bytes += Buffer.isBuffer(chunk) ? chunk.length : 0;
    if (bytes > bytesMax) return undefined;
  }
  return hashed.hash();
}

/** SHA-256 of a body that is read already; of nothing, where there is none. */
export function hashOfBody(request: FastifyRequest): Buffer {
  return createHash('sha256')
    .update(request.tenonRawBody ?? Buffer.alloc(0))
    .digest();
}
