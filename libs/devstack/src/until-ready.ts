import { setTimeout as sleep } from 'node:timers/promises';
import { DevstackError } from './errors.js';
import type { GuardedProcess } from './guarded-process.js';

const pollMs = 25;

/**
 * Tries `probe` until it succeeds.
 * @throws DevstackError with the end of the server's log when it ends before, or is not ready after `timeoutMs`.
 */
export async function untilReady(
  name: string,
  server: GuardedProcess,
  probe: () => Promise<void>,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline && !server.hasEnded()) {
    try {
      return await probe();
    } catch (error) {
      last = error;
      await Promise.race([sleep(pollMs), server.ended]);
    }
  }
  const why = server.hasEnded() ? 'it ended while starting' : `it was not ready after ${timeoutMs / 1_000} s`;
  throw new DevstackError(`${name} did not start: ${why}. The end of its log:\n${await server.logTail()}`, {
    cause: last,
  });
}
