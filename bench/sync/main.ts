/**
 * `npm run bench -- sync [--json] [--quick] [--profile=<folder>]`: synchronous runs over HTTP, each metered, isolated,
 * checked and recorded, beside a bare Nest echo and beside workerd with a fresh instance of the same guest per request.
 */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuTimes, cpuUsPerEvent } from '../pipeline/cpu-time.ts';
import { requestText } from '../pipeline/http-load.ts';
import { openReader } from '../pipeline/reader.ts';
import { call, root, startBenchStack } from '../pipeline/stack.ts';
import { load } from './load.ts';
import { startNestEcho, startWorkerd } from './rivals.ts';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const profileFolder = args.find((arg) => arg.startsWith('--profile='))?.slice('--profile='.length);
const rounds = quick ? 1 : 3;
const seconds = quick ? 3 : 4;
const connections = 64;
const recordTimeoutMs = 120_000;

const input = {
  currency: 'EUR',
  lines: [
    { sku: 'mug-blue', quantity: 12, unitPrice: 1250 },
    { sku: 'poster-a2', quantity: 3, unitPrice: 1990 },
    { sku: 'sticker-sheet', quantity: 150, unitPrice: 200 },
  ],
};
const body = JSON.stringify({ input });

function say(text: string): void {
  if (!args.includes('--json')) console.error(text);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const ratio = (a: number, b: number) => Math.round((a / b) * 1_000) / 1_000;

const profileArguments = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
const stack = await startBenchStack({ nodeArguments: { api: profileArguments, worker: profileArguments } });
const echo = await startNestEcho();
const workerd = await startWorkerd(path.join(root, 'examples/volume-discount/volume-discount.wasm'));
try {
  const limits = { deadlineMs: 2_000 };
  await call(`${stack.apiUrl}/v1/extension-points/cart.discounts`, 'PUT', stack.operatorKey, {
    inputSchema: { type: 'object', required: ['lines'] },
    outputSchema: { type: 'object', required: ['discounts'] },
    eventTypes: ['cart.updated'],
    mode: 'sync',
    limits,
  });
  const json = 'application/json';
  const runRequest = requestText('/v1/extension-points/cart.discounts/run', stack.tenantKey, json, body);
  const measured = {
    echo: { url: echo.url, request: requestText('/echo', 'none', json, body) },
    workerd: { url: workerd.url, request: requestText('/', 'none', json, body) },
    sync: { url: stack.apiUrl, request: runRequest },
  };
  await using reader = await openReader(stack.ownerUrl);
  let answers = 0;
  const recorded = async () => {
    const { rows } = await reader.client.query<{ count: string }>(
      "SELECT count(*) FROM executions WHERE kind = 'sync'",
    );
    return Number(rows[0]?.count);
  };
  /** Nothing that an earlier measurement left to do may slow the next one down. */
  const untilRecorded = async () => {
    const startMs = performance.now();
    while ((await recorded()) < answers) {
      if (performance.now() - startMs > recordTimeoutMs) throw new Error('not every run was recorded in time');
      await delay(50);
    }
    return performance.now() - startMs;
  };
  // Not measured: the first runs compile, connect and fill caches.
  for (const one of Object.values(measured)) {
    const warm = await load({ ...one, connections, seconds: 2 });
    if (one === measured.sync) answers += warm.answers;
  }
  await untilRecorded();
  const perS = { echo: [] as number[], workerd: [] as number[], sync: [] as number[], recorded: [] as number[] };
  let cpu: Record<string, number> = {};
  for (let round = 0; round < rounds; round += 1) {
    perS.echo.push((await load({ ...measured.echo, connections, seconds })).perS);
    perS.workerd.push((await load({ ...measured.workerd, connections, seconds })).perS);
    const before = await cpuTimes(stack.parts);
    const startMs = performance.now();
    const sync = await load({ ...measured.sync, connections, seconds });
    const after = await cpuTimes(stack.parts);
    answers += sync.answers;
    const lateMs = await untilRecorded();
    perS.sync.push(sync.perS);
    perS.recorded.push(Math.round((sync.answers * 1_000) / (performance.now() - startMs)));
    cpu = cpuUsPerEvent(before, after, sync.answers);
    say(
      `round ${round + 1}: echo ${perS.echo.at(-1)}/s, workerd ${perS.workerd.at(-1)}/s, sync ${sync.perS}/s ` +
        `(p50 ${sync.p50Ms} ms, p99 ${sync.p99Ms} ms), all recorded ${Math.round(lateMs)} ms later; ` +
        `CPU us per run ${JSON.stringify(cpu)}`,
    );
  }
  const alone = await load({ ...measured.sync, connections: 1, seconds });
  answers += alone.answers;
  await untilRecorded();
  const ratePerS = Math.floor(median(perS.sync) / 2);
  const half = await load({ ...measured.sync, connections, seconds, ratePerS });
  answers += half.answers;
  await untilRecorded();
  if ((await recorded()) !== answers) throw new Error(`${await recorded()} records for ${answers} answers`);
  const result = {
    bench: 'sync',
    nest_echo_per_s: median(perS.echo),
    workerd_per_s: median(perS.workerd),
    sync_per_s: median(perS.sync),
    sync_ratio: ratio(median(perS.sync), median(perS.echo)),
    workerd_ratio: ratio(median(perS.sync), median(perS.workerd)),
    sync_ms_p50: alone.p50Ms,
    sync_ms_p99: half.p99Ms,
    one_connection: { per_s: alone.perS, ms_p50: alone.p50Ms, ms_p99: alone.p99Ms },
    half_of_peak: { per_s: half.perS, ms_p50: half.p50Ms, ms_p99: half.p99Ms },
    recorded_per_s: median(perS.recorded),
    cpu_us_per_run: cpu,
    answers,
    rounds,
  };
  console.log(JSON.stringify(result));
} finally {
  await Promise.all([echo.stop(), workerd.stop()]);
  await stack.stop();
}
