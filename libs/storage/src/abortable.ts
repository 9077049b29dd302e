import { StorageError } from './storage.errors.js';

/** The source's chunks, left at once when the signal fires, even while the source is silent. */
export async function* abortable(
  source: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  if (signal?.aborted) throw aborted();
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  const { promise: fired, reject } = Promise.withResolvers<never>();
  fired.catch(() => undefined);
  const onAbort = () => reject(aborted());
  signal?.addEventListener('abort', onAbort, { once: true });
  let ended = false;
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), fired]);
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // A generator that is waiting inside `next` answers `return` only afterwards, so it is not waited for.
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function aborted(): StorageError {
  return new StorageError('aborted', 'the caller ended the upload');
}
