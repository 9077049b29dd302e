import { S3ServiceException } from '@aws-sdk/client-s3';
import { StorageError } from './storage.errors.js';

/** True for what S3 says about an object that is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof S3ServiceException && ['NoSuchKey', 'NotFound'].includes(error.name);
}

/** Names of errors that the SDK and Node give a request that did not get through. */
const connectionFaults = /^(TimeoutError|NetworkingError|AbortError|CredentialsProviderError)$/;

/** Errors of the store become `unavailable`; all others, as those of the source, stay what they are. */
export function asS3Error(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error;
  const ofTheStore = error instanceof S3ServiceException || '$metadata' in error || connectionFaults.test(error.name);
  if (!ofTheStore) return error;
  return new StorageError('unavailable', `the bucket failed: ${error.name}`, { cause: error });
}

/** The body of an answer, in pieces. */
export function bytesOf(body: unknown, bytes: number) {
  if (!isReadable(body)) throw new StorageError('unavailable', 'the bucket answered without a body');
  return { chunks: body, bytes, destroy: () => body.destroy() };
}

function isReadable(body: unknown): body is AsyncIterable<Uint8Array> & { destroy(): void } {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body && 'destroy' in body;
}
