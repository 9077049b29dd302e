import { setTimeout as delay } from 'node:timers/promises';
import { type BenchStack, call } from '../pipeline/stack.ts';
import type { Point } from './guests.ts';
import { seeded } from './inputs.ts';

const eventsPerRequest = 50;
const recordTimeoutMs = 300_000;
/** So many of what runs on a point comes as an event; the rest are synchronous runs. */
const eventShare = 0.8;
/** Runs of a guest that always fails, as tests. */
const alwaysFailing = 200;
const atOnce = 8;
const attemptsMax = 200;

/** An execution as a list shows it. */
export interface Recorded {
  readonly id: string;
  readonly function: string;
  readonly kind: string;
  readonly outcome: string;
}

/** Runs every guest by events, by synchronous runs and by tests, until `executions` are recorded, and lists them. */
export async function recordRuns(
  stack: BenchStack,
  points: readonly Point[],
  executions: number,
): Promise<readonly Recorded[]> {
  const mixed = points.filter(({ failsAlways }) => !failsAlways);
  const functions = mixed.reduce((sum, point) => sum + point.functions.length, 0);
  const inputsEach = Math.ceil((executions - alwaysFailing) / functions);
  for (const [place, point] of mixed.entries()) await runPoint(stack, point, inputsEach, seeded(place + 1));
  for (const point of points.filter(({ failsAlways }) => failsAlways)) await runTests(stack, point);
  return untilRecorded(stack, inputsEach * functions + alwaysFailing);
}

async function runPoint(stack: BenchStack, point: Point, inputs: number, random: () => number): Promise<void> {
  const events = Math.floor(inputs * eventShare);
  for (let sent = 0; sent < events; sent += eventsPerRequest) {
    const count = Math.min(eventsPerRequest, events - sent);
    const batch = Array.from({ length: count }, (_, at) => ({
      specversion: '1.0',
      id: `${point.name}-${sent + at}`,
      source: '/bench/replay',
      type: point.eventType,
      data: point.input(random),
    }));
    await send(stack, batch);
  }
  const url = `${stack.apiUrl}/v1/extension-points/${point.name}/run`;
  await inParallel(inputs - events, () => runOnce(stack, url, JSON.stringify({ input: point.input(random) })));
}

/** A worker that is busy with the events refuses runs that could not end in time; they are asked for again. */
async function runOnce(stack: BenchStack, url: string, body: string): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const headers = { authorization: `Bearer ${stack.tenantKey}`, 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body });
    const text = await answer.text();
    if (answer.ok) return;
    if (answer.status !== 503) throw new Error(`${url}: ${answer.status} ${text}`);
    await delay(500);
  }
  throw new Error(`${url}: refused ${attemptsMax} times`);
}

async function send(stack: BenchStack, batch: readonly object[]): Promise<void> {
  const answer = await fetch(`${stack.apiUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.tenantKey}`, 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(batch),
  });
  if (answer.status !== 202) throw new Error(`events: ${answer.status} ${await answer.text()}`);
}

async function runTests(stack: BenchStack, { functions, input }: Point): Promise<void> {
  const random = seeded(99);
  for (const { name, version } of functions) {
    const url = `${stack.apiUrl}/v1/functions/${name}/versions/${version}/test`;
    await inParallel(alwaysFailing / functions.length, () =>
      call(url, 'POST', stack.tenantKey, { input: input(random) }),
    );
  }
}

/** Does the same so many times, a few at once. */
export async function inParallel(times: number, work: (turn: number) => Promise<unknown>): Promise<void> {
  let turn = 0;
  const one = async () => {
    while (turn < times) await work(turn++);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

async function untilRecorded(stack: BenchStack, wanted: number): Promise<readonly Recorded[]> {
  const deadline = performance.now() + recordTimeoutMs;
  for (;;) {
    const recorded = await listAll(stack);
    if (recorded.length >= wanted) return recorded;
    if (performance.now() > deadline) throw new Error(`${recorded.length} of ${wanted} runs were recorded in time`);
    await delay(500);
  }
}

async function listAll(stack: BenchStack): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = [];
  let cursor = '';
  for (;;) {
    const answer = await fetch(`${stack.apiUrl}/v1/executions?limit=200${cursor}`, {
      headers: { authorization: `Bearer ${stack.tenantKey}` },
    });
    const page = (await answer.json()) as { readonly items: readonly Recorded[]; readonly next?: string };
    recorded.push(...page.items.filter(({ kind }) => kind !== 'replay'));
    if (page.next === undefined) return recorded;
    cursor = `&cursor=${page.next}`;
  }
}
