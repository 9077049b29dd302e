import { sandboxExitCodes } from '@tenon/sandbox';

/** How often resident memory is read while runs are in flight; reading it takes about 10 us. */
const everyMs = 25;

/**
 * Ends the process when its resident memory runs away while guests run. Neither a thread's heap limit nor a module's
 * ceilings see what the engine keeps off its heap for JavaScript of a component or for the engine's own collector. Who
 * took it can't be told from outside of a process, so the host runs what was in flight again, each alone.
 */
export class MemoryWatch {
  private inFlight = 0;
  private memoryBytesMax = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param rssBytesMax resident memory beyond the largest memory that a run in flight may have. */
  constructor(private readonly rssBytesMax: number) {}

  /** @param memoryBytesMax what the run that begins may have. */
  begin(memoryBytesMax: number): void {
    this.inFlight += 1;
    this.memoryBytesMax += memoryBytesMax;
    this.timer ??= setInterval(() => this.check(), everyMs);
  }

  end(memoryBytesMax: number): void {
    this.inFlight -= 1;
    this.memoryBytesMax -= memoryBytesMax;
  }

  private check(): void {
    if (this.inFlight === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
      return;
    }
    const rssBytes = process.memoryUsage.rss();
    // Runs that wait in the queue have no memory yet, but how many do can't be told without looking at every slot.
    if (rssBytes <= this.rssBytesMax + Math.min(this.memoryBytesMax, this.rssBytesMax)) return;
    process.stderr.write(`resident memory ran away: ${rssBytes} bytes, ${this.inFlight} runs in flight\n`);
    process.exit(sandboxExitCodes.memoryRanAway);
  }
}
