import type { BenchStack } from '../pipeline/stack.ts';
import { aggregateQuestions, type Filled, listQuestions, type Question } from './questions.ts';
import { askers, tenantIdOf } from './rows.ts';

const rounds = 2;
/** Charts are fewer: of less than some hundred times, the 99th percentile is the slowest of all. */
const chartRounds = 8;
/** The api compiles what runs often; whoever asks first would measure that. */
const warmUpRounds = 2;
/** So many of the slowest questions are shown. */
const slowestShown = 12;
const dayMs = 86_400_000;

interface Asked {
  readonly name: string;
  readonly ms: number;
}

function percentile(values: readonly Asked[], share: number): number {
  const sorted = values.map(({ ms }) => ms).sort((a, b) => a - b);
  return Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN) * 10) / 10;
}

/** Asks everything and says how long it took, for the tenant with nearly all rows and for the one with ten. */
export async function measureQueries(
  stack: Pick<BenchStack, 'apiUrl' | 'operatorKey'>,
  filled: Pick<Filled, 'firstDayMs' | 'rows'>,
  say: (line: string) => void,
) {
  const big = await measureTenant(stack, filled, tenantIdOf(askers.big), say);
  const small = await measureTenant(stack, filled, tenantIdOf(askers.small), say);
  return {
    lists: big.lists.length / rounds,
    list_ms_p50: percentile(big.lists, 0.5),
    list_ms_p99: percentile(big.lists, 0.99),
    aggregates: big.aggregates.length / chartRounds,
    aggregate_ms_p50: percentile(big.aggregates, 0.5),
    aggregate_ms_p99: percentile(big.aggregates, 0.99),
    small_tenant_list_ms_p99: percentile(small.lists, 0.99),
    small_tenant_aggregate_ms_p99: percentile(small.aggregates, 0.99),
  };
}

async function measureTenant(
  { apiUrl, operatorKey }: Pick<BenchStack, 'apiUrl' | 'operatorKey'>,
  span: Pick<Filled, 'firstDayMs' | 'rows'>,
  tenantId: string,
  say: (line: string) => void,
) {
  const headers = { authorization: `Bearer ${operatorKey}`, 'tenant-id': tenantId };
  const ask = async (path: string): Promise<string> => {
    const answer = await fetch(apiUrl + path, { headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text;
  };
  const measure = async (questions: readonly Question[], times: number) => {
    const asked: Asked[] = [];
    for (const { name, path } of questions) {
      for (let round = 0; round < times; round += 1) {
        const startMs = performance.now();
        await ask(path);
        asked.push({ name, ms: performance.now() - startMs });
      }
    }
    return asked;
  };
  const some = JSON.parse(
    await ask(`/v1/executions?limit=1&to=${new Date(span.firstDayMs + 4 * dayMs).toISOString()}`),
  ) as { readonly items: readonly { readonly event: string }[] };
  const filled = { ...span, eventId: some.items[0]?.event ?? '' };
  const [lists, aggregates] = [listQuestions(filled), aggregateQuestions(filled)];
  // The first asking reads from disk what a server in use has in memory.
  await measure([...lists, ...aggregates], 1);
  for (let round = 0; round < warmUpRounds; round += 1) await measure(aggregates, 1);
  const result = { lists: await measure(lists, rounds), aggregates: await measure(aggregates, chartRounds) };
  say(tenantId);
  for (const { name, ms } of [...result.lists, ...result.aggregates]
    .sort((a, b) => b.ms - a.ms)
    .slice(0, slowestShown)) {
    say(`  ${name.padEnd(40)} ${Math.round(ms)} ms`);
  }
  return result;
}
