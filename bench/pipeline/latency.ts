import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { eventsRequest } from './events.ts';
import { LoadConnection } from './http-load.ts';
import { openReader } from './reader.ts';
import type { BenchStack } from './stack.ts';

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What is left to do with an event goes in the commit that records its executions. */
const recordedOf = `
  SELECT p.id FROM unnest($1::text[]) AS p(id) WHERE NOT EXISTS (SELECT FROM event_work AS w WHERE w.id = p.id)`;

/** One connection carries one request at a time, so this many may wait for their answer. */
const connectionsMax = 400;
const connectionsAtFirst = 50;
const tickMs = 4;
const recordTimeoutMs = 30_000;

/**
 * From the moment at which a request was due to the moment at which its execution row can be read by others. Requests
 * are sent on a fixed schedule whatever the answers do, so a stall counts for every request that it delays. The rows
 * are looked for every few milliseconds, which is part of the figure.
 */
export async function measureLatency(
  stack: BenchStack,
  ratePerS: number,
  events: number,
  keys: readonly string[] = [stack.tenantKey],
): Promise<Latency> {
  await using reader = await openReader(stack.ownerUrl);
  const opening = Array.from({ length: connectionsAtFirst }, () => LoadConnection.open(stack.apiUrl));
  const run = new LatencyRun(reader.client, stack.apiUrl, await Promise.all(opening), keys);
  await run.send(ratePerS, events);
  await run.untilSeen(events);
  run.close();
  return percentiles(run.latenciesMs);
}

class LatencyRun {
  readonly latenciesMs: number[] = [];
  private readonly pending = new Map<string, number>();
  private readonly reader: pg.Client;
  private readonly apiUrl: string;
  private readonly idle: LoadConnection[];
  private readonly keys: readonly string[];
  private sent = 0;
  private busy = 0;

  constructor(reader: pg.Client, apiUrl: string, idle: LoadConnection[], keys: readonly string[]) {
    this.reader = reader;
    this.apiUrl = apiUrl;
    this.idle = idle;
    this.keys = keys;
  }

  /** Sends on schedule and looks for rows in between. */
  async send(ratePerS: number, events: number): Promise<void> {
    const startMs = performance.now();
    let sent = 0;
    let failure: unknown;
    const sending: Promise<void>[] = [];
    const sendOne = (dueMs: number) =>
      this.sendOne(dueMs).catch((error: unknown) => {
        failure ??= error;
      });
    while (sent < events && failure === undefined) {
      const dueUntil = Math.min(events, Math.floor(((performance.now() - startMs) / 1_000) * ratePerS) + 1);
      for (; sent < dueUntil; sent += 1) sending.push(sendOne(startMs + (sent * 1_000) / ratePerS));
      await this.look();
      await delay(tickMs);
    }
    await Promise.all(sending);
    if (failure !== undefined) throw failure;
  }

  async untilSeen(events: number): Promise<void> {
    const deadline = performance.now() + recordTimeoutMs;
    while (this.latenciesMs.length < events) {
      if (performance.now() > deadline) throw new Error(`${this.latenciesMs.length} of ${events} were recorded`);
      await this.look();
      await delay(tickMs);
    }
  }

  private async sendOne(dueMs: number): Promise<void> {
    if (this.busy >= connectionsMax) throw new Error(`more than ${connectionsMax} requests wait for their answer`);
    this.busy += 1;
    const connection = await this.connection();
    const answer = await connection.send(eventsRequest(this.keys[this.sent++ % this.keys.length] ?? '', 1));
    this.idle.push(connection);
    this.busy -= 1;
    if (answer.status !== 202) throw new Error(`${answer.status}: ${answer.body}`);
    const [id] = /evt_[0-9a-z]+/.exec(answer.body) ?? [];
    if (id !== undefined) this.pending.set(id, dueMs);
  }

  /** One that is open, as any client would have it: the server may have closed those that carried nothing yet. */
  private async connection(): Promise<LoadConnection> {
    for (let one = this.idle.pop(); one !== undefined; one = this.idle.pop()) if (one.isOpen) return one;
    return LoadConnection.open(this.apiUrl);
  }

  close(): void {
    for (const connection of this.idle) connection.close();
  }

  private async look(): Promise<void> {
    if (this.pending.size === 0) return;
    const { rows } = await this.reader.query<{ id: string }>(recordedOf, [[...this.pending.keys()]]);
    const nowMs = performance.now();
    for (const { id } of rows) {
      this.latenciesMs.push(nowMs - (this.pending.get(id) ?? nowMs));
      this.pending.delete(id);
    }
  }
}

function percentiles(latenciesMs: readonly number[]): Latency {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
