import { boundsOfRun, decodeRunResult, ProtocolError } from '@tenon/sandbox';
import type { FromThread } from './thread-messages.js';
import { slotCount } from './work-queue.js';

/** What a message from a thread really is: code that broke out of a realm could send anything. */
export function isFromThread(message: unknown): message is FromThread {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return false;
  if (message.kind === 'want') return 'artifact' in message && Number.isSafeInteger(message.artifact);
  if (message.kind !== 'result' || !('slot' in message) || !('bytes' in message)) return false;
  const { slot, bytes } = message;
  return (
    typeof slot === 'number' && Number.isInteger(slot) && slot >= 0 && slot < slotCount && bytes instanceof Uint8Array
  );
}

/** True when the host would take these bytes as the result of this run; anything else would cost the whole process. */
export function isResultOf(run: Buffer, result: Buffer): boolean {
  try {
    decodeRunResult(result, boundsOfRun(run));
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
