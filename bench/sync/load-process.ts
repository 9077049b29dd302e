/** Load from a process of its own. Argument: a LoadOrder as JSON. Prints a LoadResult as JSON. */
import { setTimeout as delay } from 'node:timers/promises';
import { LoadConnection } from '../pipeline/http-load.ts';
import type { LoadOrder, LoadResult } from './load.ts';

const order: LoadOrder = JSON.parse(process.argv[2] ?? '');
const connections = await Promise.all(Array.from({ length: order.connections }, () => LoadConnection.open(order.url)));
const latenciesMs: number[] = [];
const failures = new Map<number, number>();

async function sendOne(connection: LoadConnection, sinceMs: number): Promise<void> {
  const { status } = await connection.send(order.request);
  if (status === 200) latenciesMs.push(performance.now() - sinceMs);
  else failures.set(status, (failures.get(status) ?? 0) + 1);
}

/** As fast as answers come. */
async function closed(untilMs: number): Promise<void> {
  const sendUntil = async (connection: LoadConnection) => {
    while (performance.now() < untilMs) await sendOne(connection, performance.now());
  };
  await Promise.all(connections.map(sendUntil));
}

/** On a schedule, whatever the answers do: a request that has to wait for a connection counts from when it was due. */
async function paced(startMs: number, untilMs: number, ratePerS: number): Promise<void> {
  const idle = [...connections];
  const due: number[] = [];
  const sending = new Set<Promise<void>>();
  const next = () => {
    while (due.length > 0) {
      const connection = idle.pop();
      if (connection === undefined) return;
      const one = sendOne(connection, due.shift() ?? 0).then(() => {
        sending.delete(one);
        idle.push(connection);
        next();
      });
      sending.add(one);
    }
  };
  let count = 0;
  while (performance.now() < untilMs) {
    const wanted = ((performance.now() - startMs) * ratePerS) / 1_000;
    for (; count < wanted; count += 1) due.push(startMs + (count * 1_000) / ratePerS);
    next();
    await delay(1);
  }
  while (due.length > 0 || sending.size > 0) await Promise.race(sending);
}

const startMs = performance.now();
const untilMs = startMs + order.seconds * 1_000;
if (order.ratePerS === undefined) await closed(untilMs);
else await paced(startMs, untilMs, order.ratePerS);
const seconds = (performance.now() - startMs) / 1_000;
for (const connection of connections) connection.close();

const sorted = latenciesMs.toSorted((a, b) => a - b);
const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
const result: LoadResult = {
  answers: sorted.length,
  perS: Math.round(sorted.length / seconds),
  p50Ms: Math.round(at(0.5) * 100) / 100,
  p99Ms: Math.round(at(0.99) * 100) / 100,
  failures: Object.fromEntries(failures),
};
console.log(JSON.stringify(result));
process.exit(0);
