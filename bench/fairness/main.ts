/**
 * `npm run bench -- fairness [--json]`: how tenants share one worker. Real processes, sandboxes, Postgres and Redis;
 * the load generator runs on the same machine.
 */
import { measureLatency } from '../pipeline/latency.ts';
import { startBenchStack } from '../pipeline/stack.ts';
import { costReceived, flood, untilEmpty } from './backlog.ts';
import { jainIndex, rounded, weightedError } from './figures.ts';
import { type BenchTenant, createTenant } from './tenants.ts';

const json = process.argv.includes('--json');
const spanMs = 8_000;

/** What a function of cost 1 takes, and what the eight of the first measurement cost. */
const instructionsOfOne = 50_000;
const costs = [1, 2, 5, 10, 20, 40, 70, 100];
const backlogEach = 30_000;

const weights = [1, 2, 4];
const weightedInstructions = 500_000;

const quietInstructions = 50_000;
const quietRatePerS = 50;
const quietEvents = 500;
const floodEvents = 50_000;
const warmUpEvents = 2_000;

function say(line: string): void {
  if (!json) console.log(line);
}

const stack = await startBenchStack();
try {
  const create = async (all: ReadonlyArray<{ instructions: number; weight?: number }>) => {
    const tenants: BenchTenant[] = [];
    for (const { instructions, weight } of all) tenants.push(await createTenant(stack, instructions, weight));
    return tenants;
  };
  const equal = await create(costs.map((cost) => ({ instructions: cost * instructionsOfOne })));
  const received = await costReceived(stack, equal, backlogEach, spanMs);
  say(
    `cost received by guests of ${costs.join(', ')}: ${received.map((fuel) => `${Math.round(fuel / 1e6)} M`).join(', ')}`,
  );

  const weighted = await create(weights.map((weight) => ({ instructions: weightedInstructions, weight })));
  const byWeight = await costReceived(stack, weighted, backlogEach, spanMs);
  say(
    `cost received with weights ${weights.join(':')}: ${byWeight.map((fuel) => `${Math.round(fuel / 1e6)} M`).join(', ')}`,
  );

  const [quiet, loud] = await create([{ instructions: quietInstructions }, { instructions: quietInstructions }]);
  if (quiet === undefined || loud === undefined) throw new Error('no tenants');
  const asQuiet = { ...stack, tenantKey: quiet.key, tenantId: quiet.id };
  // Not measured: the first runs of both start guest threads and compile.
  await flood(stack, loud, warmUpEvents);
  await measureLatency(asQuiet, quietRatePerS, 100);
  await untilEmpty(stack);
  const alone = await measureLatency(asQuiet, quietRatePerS, quietEvents);
  const flooding = flood(stack, loud, floodEvents);
  const disturbed = await measureLatency(asQuiet, quietRatePerS, quietEvents);
  await flooding;
  say(`quiet tenant: p99 ${alone.p99Ms} ms alone, ${disturbed.p99Ms} ms beside a flood of ${floodEvents}`);
  const result = {
    bench: 'fairness',
    jain_index: rounded(jainIndex(received)),
    weighted_error: rounded(weightedError(byWeight, weights)),
    quiet_p99_ratio: rounded(disturbed.p99Ms / alone.p99Ms),
    quiet_p50_ms_alone: alone.p50Ms,
    quiet_p99_ms_alone: alone.p99Ms,
    quiet_p50_ms_flooded: disturbed.p50Ms,
    quiet_p99_ms_flooded: disturbed.p99Ms,
    fuel_by_cost: Object.fromEntries(costs.map((cost, index) => [cost, received[index]])),
    fuel_by_weight: Object.fromEntries(weights.map((weight, index) => [weight, byWeight[index]])),
    flood_events: floodEvents,
  };
  console.log(JSON.stringify(result));
} finally {
  await stack.stop();
}
