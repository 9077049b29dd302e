import { availableParallelism } from 'node:os';
import type { WorkQueue } from './work-queue.js';

/** Runs that may wait for each thread that is awake before another one is woken; half a millisecond of small ones. */
const waitingPerThreadMax = 8;
/** Threads that are woken because much waits: more than there are processors only get into each other's way. */
const hastyThreadsMax = availableParallelism();
/** When no thread has begun a run for so long, those that are awake are taken for busy with long ones. */
const busyMsDefault = 2;
/** How often that is asked while something waits. */
const lookMs = 1;

/**
 * Decides how many guest threads work. A burst of small runs is done soonest by few: every thread that takes part has a
 * heap to collect and code to compile of its own, and where the processors are busy it only takes turns with the
 * others. A run never waits long behind another's, though: a thread is woken when all that are awake are at long runs.
 * A crew of one thread has nobody else to wake, and that thread looks for work before it sleeps: no timer runs for it,
 * which what it writes into shared memory could keep going.
 */
export class Waker {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly queue: WorkQueue,
    private readonly busyMs = busyMsDefault,
  ) {}

  /** Call after something was published. */
  published(): void {
    const { queue } = this;
    const { awake } = queue;
    const isMuch = awake < hastyThreadsMax && queue.waiting > awake * waitingPerThreadMax;
    if (awake === 0 || isMuch || queue.sinceProgressMs() >= this.busyMs) queue.wakeLatest();
    else if (queue.seats > 1) this.timer ??= setTimeout(() => this.look(), lookMs);
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private look(): void {
    const { queue } = this;
    this.timer = undefined;
    if (queue.waiting <= 0) return;
    if (queue.sinceProgressMs() < this.busyMs || queue.wakeLatest()) this.timer = setTimeout(() => this.look(), lookMs);
  }
}
