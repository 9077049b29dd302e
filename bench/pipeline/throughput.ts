import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { type BenchEventType, eventsRequest } from './events.ts';
import { LoadConnection } from './http-load.ts';
import { openReader } from './reader.ts';
import type { BenchStack } from './stack.ts';

export interface ThroughputOptions {
  readonly eventType: BenchEventType;
  readonly events: number;
  readonly eventsPerRequest: number;
  readonly connections: number;
}

export interface Throughput {
  /** Events divided by the time from the first request to the last recorded execution. */
  readonly perS: number;
  /** Events divided by the time from the first request to the last 202. */
  readonly acceptedPerS: number;
}

const recordTimeoutMs = 120_000;

/** Sends events as fast as they are accepted, then waits until each has its execution row. */
export async function measureThroughput(stack: BenchStack, options: ThroughputOptions): Promise<Throughput> {
  await using opened = await openReader(stack.ownerUrl);
  const counter = opened.client;
  const before = await executionsCounted(counter);
  const opening = Array.from({ length: options.connections }, () => LoadConnection.open(stack.apiUrl));
  const connections = await Promise.all(opening);
  const startMs = performance.now();
  await sendAll(connections, stack.tenantKey, options);
  const acceptedMs = performance.now() - startMs;
  await untilRecorded(counter, before + options.events);
  const recordedMs = performance.now() - startMs;
  for (const connection of connections) connection.close();
  return { perS: perSecond(options.events, recordedMs), acceptedPerS: perSecond(options.events, acceptedMs) };
}

async function sendAll(connections: readonly LoadConnection[], key: string, options: ThroughputOptions): Promise<void> {
  let left = options.events;
  const sendUntilDone = async (connection: LoadConnection) => {
    while (left > 0) {
      const events = Math.min(options.eventsPerRequest, left);
      left -= events;
      const answer = await connection.send(eventsRequest(key, events, options.eventType));
      if (answer.status !== 202) throw new Error(`${answer.status}: ${answer.body}`);
    }
  };
  await Promise.all(connections.map(sendUntilDone));
}

/**
 * Asks for the oldest event that is left, and counts all rows once at the end: the asking must not be the load. Each
 * look begins where the last one ended, because rows that are gone stay in the way of a scan until they are vacuumed.
 */
async function untilRecorded(counter: pg.Client, wanted: number): Promise<void> {
  const deadline = performance.now() + recordTimeoutMs;
  let oldest = '';
  for (;;) {
    const found = await oldestOpen(counter, oldest);
    if (found === undefined && oldest === '') break;
    if (performance.now() > deadline) throw new Error('not every event was recorded in time');
    oldest = found ?? '';
    if (found !== undefined) await delay(10);
  }
  const counted = await executionsCounted(counter);
  if (counted !== wanted) throw new Error(`${counted} executions for ${wanted} events`);
}

async function oldestOpen(client: pg.Client, from: string): Promise<string | undefined> {
  const text = 'SELECT id FROM event_work WHERE id >= $1 ORDER BY id LIMIT 1';
  const { rows } = await client.query<{ id: string }>({ name: 'oldest-open', text, values: [from] });
  return rows[0]?.id;
}

async function executionsCounted(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM executions');
  return Number(rows[0]?.count);
}

function perSecond(events: number, elapsedMs: number): number {
  return Math.round((events * 1_000) / elapsedMs);
}
