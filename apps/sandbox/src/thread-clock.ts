const { hrtime, threadCpuUsage } = process;

/** The kernel advances a running thread's CPU clock at ticks only, so a run shorter than one is measured by the wall. */
const tickUs = 4_000;

export interface RunTimes {
  readonly cpuUs: number;
  readonly wallUs: number;
}

function wallClockUs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1_000);
}

function cpuClockUs(): number {
  const { user, system } = threadCpuUsage();
  return user + system;
}

/**
 * Measures runs of this thread. The clock of CPU time costs more than some runs, and its ticks are 4 ms long, so it is
 * read before a run only when the last reading is a tick old; what ran since counts towards a run that is longer.
 */
export class ThreadClock {
  private readAtUs = Number.NEGATIVE_INFINITY;
  private cpuUs = 0;

  measure<Result>(work: () => Result): { readonly result: Result; readonly times: RunTimes } {
    const startedUs = wallClockUs();
    if (startedUs - this.readAtUs >= tickUs) this.read(startedUs);
    const result = work();
    const endedUs = wallClockUs();
    const wallUs = endedUs - startedUs;
    if (wallUs < tickUs) return { result, times: { cpuUs: wallUs, wallUs } };
    const before = this.cpuUs;
    this.read(endedUs);
    return { result, times: { cpuUs: Math.min(wallUs, this.cpuUs - before), wallUs } };
  }

  private read(atUs: number): void {
    this.cpuUs = cpuClockUs();
    this.readAtUs = atUs;
  }
}
