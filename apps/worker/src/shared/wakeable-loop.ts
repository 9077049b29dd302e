import { setTimeout as delay } from 'node:timers/promises';

/**
 * What a step found: `more` runs the next step at once, `idle` waits for a wake or the poll, and milliseconds wait for a
 * wake or for so long.
 */
export type StepResult = 'more' | 'idle' | number;

export interface WakeableLoopOptions {
  /** The longest pause between two steps: what a lost wake costs. */
  readonly pollMs: number;
  /** Pause after a step that threw; doubles up to `pollMs` * 10 while steps go on throwing. */
  readonly errorPauseMs: number;
  readonly onError: (error: unknown, failures: number) => void;
}

/**
 * Runs `step` over and over, one at a time: at once while there is more to do, else when woken or after `pollMs`. A wake
 * during a step is kept, so nothing that arrives meanwhile waits for the poll.
 */
export class WakeableLoop {
  private readonly stopped = new AbortController();
  private woken = false;
  private endPause: () => void = () => undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly step: (signal: AbortSignal) => Promise<StepResult>,
    private readonly options: WakeableLoopOptions,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  wake(): void {
    this.woken = true;
    this.endPause();
  }

  /** Returns when the step under way has ended. */
  async stop(): Promise<void> {
    this.stopped.abort();
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopped.signal.aborted) {
      this.woken = false;
      try {
        const result = await this.step(this.stopped.signal);
        failures = 0;
        if (result !== 'more') await this.pause(result === 'idle' ? this.options.pollMs : result);
      } catch (error) {
        failures += 1;
        this.options.onError(error, failures);
        await this.rest(Math.min(this.options.errorPauseMs * 2 ** (failures - 1), this.options.pollMs * 10));
      }
    }
  }

  private async pause(timeoutMs: number): Promise<void> {
    if (this.woken) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.endPause = resolve;
    await promise;
    clearTimeout(timer);
  }

  /** A wake does not shorten the pause after an error: what is broken stays broken however often it is asked. */
  private async rest(timeoutMs: number): Promise<void> {
    await delay(timeoutMs, undefined, { signal: this.stopped.signal }).catch(() => undefined);
  }
}
