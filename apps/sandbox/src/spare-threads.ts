import { ThreadHandle } from './thread-handle.js';

/** Keeps one thread warm, because a new one takes 20 ms and a guest that overstays costs one. */
export class SpareThreads {
  private spare: ThreadHandle | undefined;

  constructor(private readonly heapMbMax: number) {}

  /** A thread that has run nothing yet. */
  take(): ThreadHandle {
    const taken = this.spare ?? new ThreadHandle(this.heapMbMax);
    this.spare = undefined;
    return taken;
  }

  /** Starts the next spare once nothing more urgent is to be done. */
  refill(): void {
    setImmediate(() => {
      this.spare ??= new ThreadHandle(this.heapMbMax);
    });
  }
}
