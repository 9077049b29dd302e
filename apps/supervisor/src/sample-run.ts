import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { acceptedEventsSchema, type CloudEvent, executionPageSchema, executionSchema } from '@tenon/contracts';
import type { z } from 'zod';
import type { ApiClient } from './api-client.js';
import { demoEvent } from './demo.js';
import { layout } from './layout.js';
import { waitUntil } from './wait.js';

const runTimeoutMs = 60_000;
const runPollMs = 25;

export interface SampleRun {
  readonly event: CloudEvent;
  readonly execution: z.output<typeof executionSchema>;
}

/** The event that the demo sends, with an id of its own each time. */
export async function sampleEvent(): Promise<CloudEvent> {
  const input = await readFile(path.join(layout.examples, demoEvent.function, 'input.json'), 'utf8');
  return {
    specversion: '1.0',
    id: `cart-${randomUUID().slice(0, 8)}`,
    source: demoEvent.source,
    type: demoEvent.type,
    data: JSON.parse(input),
  };
}

/** Sends one event and waits for the execution that it causes. */
export async function runSample(api: ApiClient, key: string, signal: AbortSignal): Promise<SampleRun> {
  const event = await sampleEvent();
  const { ids } = await api.call('POST', '/v1/events', acceptedEventsSchema, { key, json: event });
  const query = `/v1/executions?event=${ids[0]}&function=${demoEvent.function}&limit=1`;
  const summary = await waitUntil(
    `the execution of event ${ids[0]}`,
    async () => (await api.call('GET', query, executionPageSchema, { key })).items[0],
    { timeoutMs: runTimeoutMs, intervalMs: runPollMs, signal },
  );
  return { event, execution: await api.call('GET', `/v1/executions/${summary.id}`, executionSchema, { key }) };
}
