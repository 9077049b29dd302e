import { Readable } from 'node:stream';
import { ProblemError, uploadLimits } from '@tenon/contracts';
import { type Storage, StorageError, type StoredObject } from '@tenon/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The larger bound: whether the bytes are a core module or a component is for the build to find out. */
const moduleBytesMax = uploadLimits.componentBytesMax;

/**
 * Streams the body of an upload into storage, never holding it. A body that is too large, ends early or is empty
 * leaves nothing behind.
 *
 * @throws ProblemError `unsupported_media_type`, `payload_too_large`, `invalid_request` or `unavailable`
 */
export async function storeUpload(storage: Storage, request: FastifyRequest, reply: FastifyReply) {
  const { body } = request;
  if (!(body instanceof Readable)) {
    throw body === undefined || body === null ? empty() : new ProblemError('unsupported_media_type', onlyWasm);
  }
  try {
    if (Number(request.headers['content-length'] ?? 0) > moduleBytesMax) throw tooLarge();
    return await store(storage, body);
  } catch (error) {
    // What is left of the body is not read; a connection in that state can't carry another request.
    reply.header('connection', 'close');
    throw asProblem(error);
  }
}

const onlyWasm = 'Send the module as application/wasm or application/octet-stream.';

async function store(storage: Storage, body: Readable): Promise<StoredObject> {
  // The request outlives a failed upload: it still has to be answered.
  const stored = await storage.put(body.iterator({ destroyOnReturn: false }), { bytesMax: moduleBytesMax });
  if (stored.bytes > 0) return stored;
  await storage.delete(stored.sha256);
  throw empty();
}

function asProblem(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error;
  if (error.code === 'too_large') return tooLarge();
  return new ProblemError('unavailable', 'The module could not be stored; try again.', [], { cause: error });
}

function tooLarge(): ProblemError {
  return new ProblemError('payload_too_large', `A module may have ${moduleBytesMax} bytes at most.`);
}

function empty(): ProblemError {
  return new ProblemError('invalid_request', 'The body is empty; send the module as application/wasm.');
}
