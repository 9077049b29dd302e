/**
 * `npm run bench -- pipeline [--json] [--quick] [--profile=<folder>]`: from an HTTP request to a recorded execution, against what plain
 * BullMQ would do. Everything runs on this machine at once, the load generator included. BullMQ's job does nothing, so the
 * function that it is compared with does next to nothing either; what one does that reads a cart and answers with
 * discounts (`examples/volume-discount`, 60,000 instructions) is measured beside it.
 */
import { measureBullmqNoop } from './bullmq-noop.ts';
import { Contest, median, ratio } from './contest.ts';
import { cpuTimes, cpuUsPerEvent } from './cpu-time.ts';
import { measureLatency } from './latency.ts';
import { seedTenants } from './many-tenants.ts';
import { startBenchStack } from './stack.ts';

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

/** Node writes a CPU profile of api and worker when they end. */
const profileArguments = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
const stack = await startBenchStack({ nodeArguments: { api: profileArguments, worker: profileArguments } });
try {
  const small = await new Contest(stack, 'cart.copied', events).warmUp();
  const sample = await new Contest(stack, 'cart.updated', events).warmUp();
  const noop: number[] = [];
  let cpuNoop = 0;
  for (let round = 0; round < rounds; round += 1) {
    const idle = await cpuTimes(stack.parts);
    const plain = await measureBullmqNoop(stack.redisUrl, events);
    noop.push(plain.perS);
    cpuNoop = plain.cpuUs + (cpuUsPerEvent(idle, await cpuTimes(stack.parts), events).redis ?? 0);
    say(`round ${round + 1}: BullMQ ${plain.perS}/s`);
    say(`  small function: ${await small.round()}`);
    say(`  volume-discount: ${await sample.round()}`);
  }
  const plainPerS = median(noop);
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
    bullmq_noop_per_s: plainPerS,
    ...small.figures('', plainPerS),
    ...sample.figures('volume_discount_', plainPerS),
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
    rounds,
    events,
  };
  console.log(JSON.stringify(result));
} finally {
  await stack.stop();
}
