import { cpuTimes, cpuUsPerEvent } from './cpu-time.ts';
import type { BenchEventType } from './events.ts';
import type { BenchStack } from './stack.ts';
import { measureThroughput } from './throughput.ts';

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function ratio(a: number, b: number): number {
  return Math.round((a / b) * 1_000) / 1_000;
}

const warmUpEvents = 2_000;

/** The throughput of one function, one event per request and a hundred, over some rounds. */
export class Contest {
  private readonly stack: BenchStack;
  private readonly eventType: BenchEventType;
  private readonly events: number;
  private readonly single: number[] = [];
  private readonly batched: number[] = [];
  private cpuSingle: Record<string, number> = {};
  private cpuBatched: Record<string, number> = {};

  constructor(stack: BenchStack, eventType: BenchEventType, events: number) {
    this.stack = stack;
    this.eventType = eventType;
    this.events = events;
  }

  /** Not measured: the first runs compile, connect and fill caches. */
  async warmUp(): Promise<this> {
    await this.one(warmUpEvents);
    return this;
  }

  /** @returns a sentence on it. */
  async round(): Promise<string> {
    const start = await cpuTimes(this.stack.parts);
    const single = await this.one(this.events);
    const middle = await cpuTimes(this.stack.parts);
    const batchedEvents = this.events * 2;
    const { stack, eventType } = this;
    const batched = await measureThroughput(stack, {
      eventType,
      events: batchedEvents,
      eventsPerRequest: 100,
      connections: 8,
    });
    const end = await cpuTimes(this.stack.parts);
    this.cpuSingle = cpuUsPerEvent(start, middle, this.events);
    this.cpuBatched = cpuUsPerEvent(middle, end, batchedEvents);
    this.single.push(single.perS);
    this.batched.push(batched.perS);
    return (
      `single ${single.perS}/s (accepted ${single.acceptedPerS}/s), CPU us per event ${JSON.stringify(this.cpuSingle)}; ` +
      `batched ${batched.perS}/s (accepted ${batched.acceptedPerS}/s), ${JSON.stringify(this.cpuBatched)}`
    );
  }

  /** Medians of the rounds, and the CPU time per event of the last one. */
  figures(prefix: string, plainPerS: number): Record<string, unknown> {
    const [single, batched] = [median(this.single), median(this.batched)];
    return {
      [`${prefix}e2e_per_s`]: single,
      [`${prefix}e2e_batch_per_s`]: batched,
      [`${prefix}ratio`]: ratio(single, plainPerS),
      [`${prefix}batch_ratio`]: ratio(batched, plainPerS),
      [`${prefix}cpu_us_per_event`]: this.cpuSingle,
      [`${prefix}cpu_us_per_event_batch`]: this.cpuBatched,
    };
  }

  private one(events: number) {
    const { stack, eventType } = this;
    return measureThroughput(stack, { eventType, events, eventsPerRequest: 1, connections: 64 });
  }
}
