import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from './supervisor.errors.js';

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks until there is an answer.
 * @throws StartError when `timeoutMs` have passed, or whatever made `signal` abort.
 */
export async function waitUntil<Value>(
  what: string,
  ask: () => Promise<Value | undefined>,
  { timeoutMs, intervalMs, signal }: WaitOptions,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
  throw new StartError(`waited ${timeoutMs / 1_000} s for ${what}, in vain; the logs are in .tenon/logs`);
}
