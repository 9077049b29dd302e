import type { Hearing, WorkQueue } from './work-queue.js';

/** How long results gather while more are on their way. */
const gatherMs = 1;

/**
 * Waits for results without a thread of its own: what it waits for settles on this thread's event loop. Where runs end
 * one after the other it does not look for each, which would wake this thread, and each answer the host: what is done
 * is taken when the threads have no more work, and a millisecond later at the latest.
 */
export class ResultWatch {
  private timer: NodeJS.Timeout | undefined;
  private isWaiting = false;
  private isClosed = false;

  constructor(
    private readonly queue: WorkQueue,
    /** Takes what is done. @returns true when it found something and more is on its way. */
    private readonly collect: () => boolean,
  ) {
    this.look();
  }

  /** Looks no more, and lets go of the queue's memory. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.queue.release();
  }

  private look(): void {
    clearTimeout(this.timer);
    if (this.isClosed) return;
    const seen = this.queue.bell();
    const isMoreComing = this.collect();
    if (this.isClosed) return;
    if (isMoreComing) this.timer = setTimeout(() => this.look(), gatherMs);
    this.wait(seen, isMoreComing ? 'last' : 'each');
  }

  /** One promise is waited for at a time; whoever is in its queue is woken by any ring that is heard. */
  private wait(seen: number, hearing: Hearing): void {
    if (this.isWaiting) {
      this.queue.hear(hearing);
      if (hearing === 'each' && this.queue.bell() !== seen) this.lookSoon();
      return;
    }
    const rung = this.queue.whenRung(seen, hearing);
    if (rung === undefined) {
      if (hearing === 'each') this.lookSoon();
      return;
    }
    this.isWaiting = true;
    void rung.then(() => {
      this.isWaiting = false;
      this.look();
    });
  }

  /** A thread that rings without end must not hold the event loop. */
  private lookSoon(): void {
    setImmediate(() => this.look());
  }
}
