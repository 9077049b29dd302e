/**
 * `npm run bench -- pipeline [--json] [--quick] [--profile=<folder>]`: from an HTTP request to a recorded execution, against what plain
 * BullMQ would do. Everything runs on this machine at once, the load generator included.
 */
import { measureBullmqNoop } from './bullmq-noop.ts';
import { cpuTimes, cpuUsPerEvent } from './cpu-time.ts';
import { measureLatency } from './latency.ts';
import { seedTenants } from './many-tenants.ts';
import { startBenchStack } from './stack.ts';
import { measureThroughput } from './throughput.ts';

const json = process.argv.includes('--json');
const quick = process.argv.includes('--quick');
const profileFolder = process.argv.find((argument) => argument.startsWith('--profile='))?.slice('--profile='.length);
const rounds = quick ? 1 : 3;
const events = quick ? 5_000 : 20_000;
const latencyRatePerS = 500;
const tenantsMax = 10_000;
const manyTenantsRatePerS = 50;

function say(line: string): void {
  if (!json) console.log(line);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function ratio(a: number, b: number): number {
  return Math.round((a / b) * 1_000) / 1_000;
}

/** Node writes a CPU profile of api and worker when they end. */
const profileArguments = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
const stack = await startBenchStack({ nodeArguments: { api: profileArguments, worker: profileArguments } });
try {
  const single = { events, eventsPerRequest: 1, connections: 64 };
  const batched = { events: events * 2, eventsPerRequest: 100, connections: 8 };
  // Not measured: the first runs compile, connect and fill caches.
  await measureThroughput(stack, { ...single, events: 2_000 });
  const noop: number[] = [];
  const e2e: number[] = [];
  const e2eBatch: number[] = [];
  let cpuSingle: Record<string, number> = {};
  let cpuBatch: Record<string, number> = {};
  let cpuNoop = 0;
  for (let round = 0; round < rounds; round += 1) {
    const idle = await cpuTimes(stack.parts);
    const plain = await measureBullmqNoop(stack.redisUrl, events);
    noop.push(plain.perS);
    const times = [await cpuTimes(stack.parts)];
    cpuNoop = plain.cpuUs + (cpuUsPerEvent(idle, times[0] ?? {}, events).redis ?? 0);
    const one = await measureThroughput(stack, single);
    times.push(await cpuTimes(stack.parts));
    const many = await measureThroughput(stack, batched);
    times.push(await cpuTimes(stack.parts));
    const [start = {}, middle = {}, end = {}] = times;
    cpuSingle = cpuUsPerEvent(start, middle, single.events);
    cpuBatch = cpuUsPerEvent(middle, end, batched.events);
    say(`CPU us per event: single ${JSON.stringify(cpuSingle)}, batched ${JSON.stringify(cpuBatch)}`);
    e2e.push(one.perS);
    e2eBatch.push(many.perS);
    say(
      `round ${round + 1}: BullMQ ${noop.at(-1)}/s, single ${one.perS}/s (accepted ${one.acceptedPerS}/s), ` +
        `batched ${many.perS}/s (accepted ${many.acceptedPerS}/s)`,
    );
  }
  const latency = await measureLatency(stack, latencyRatePerS, quick ? 2_000 : 10_000);
  // The same load over few and over many tenants, with three functions each. The first events of each are not measured:
  // they fill caches for few tenants, and are met by none for many.
  const keys = await seedTenants(stack, tenantsMax);
  const manyEvents = quick ? 300 : 1_000;
  await measureLatency(stack, manyTenantsRatePerS, 200, keys.slice(0, 10));
  const few = await measureLatency(stack, manyTenantsRatePerS, manyEvents, keys.slice(0, 10));
  const many = await measureLatency(stack, manyTenantsRatePerS, manyEvents, keys.slice(10));
  const result = {
    bench: 'pipeline',
    bullmq_noop_per_s: median(noop),
    e2e_per_s: median(e2e),
    e2e_batch_per_s: median(e2eBatch),
    ratio: ratio(median(e2e), median(noop)),
    batch_ratio: ratio(median(e2eBatch), median(noop)),
    latency_rate_per_s: latencyRatePerS,
    latency_ms_p50: latency.p50Ms,
    latency_ms_p99: latency.p99Ms,
    latency_ms_max: latency.maxMs,
    tenants_max: tenantsMax,
    tenants_rate_per_s: manyTenantsRatePerS,
    tenants_10_ms_p50: few.p50Ms,
    tenants_10000_ms_p50: many.p50Ms,
    tenants_p50_ratio: ratio(many.p50Ms, few.p50Ms),
    bullmq_noop_cpu_us_per_job: cpuNoop,
    cpu_us_per_event: cpuSingle,
    cpu_us_per_event_batch: cpuBatch,
    rounds,
    events,
  };
  console.log(JSON.stringify(result));
} finally {
  await stack.stop();
}
