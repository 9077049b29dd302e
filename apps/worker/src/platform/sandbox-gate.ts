import type { GateBounds } from '../shared/gate.js';
import { runsPerGuestThread, type WorkerSettings } from './worker-settings.js';

/** Beside the number of runs: with slow ones a tenant that comes now would wait for sixteen of them per thread. */
export const runMsPerGuestThread = 40;
/** One runs, and the next one is at hand. */
const slowRunsPerGuestThread = 2;

/** What is in the sandboxes at once, of events and of runs whose caller waits each. */
export function sandboxGate(settings: Pick<WorkerSettings, 'runsConcurrencyMax'>): GateBounds {
  const threads = guestThreads(settings);
  return {
    max: settings.runsConcurrencyMax,
    workMsMax: threads * runMsPerGuestThread,
    atLeast: threads * slowRunsPerGuestThread,
  };
}

export function guestThreads({ runsConcurrencyMax }: Pick<WorkerSettings, 'runsConcurrencyMax'>): number {
  return Math.max(1, Math.round(runsConcurrencyMax / runsPerGuestThread));
}
