/**
 * `npm run bench -- queries [--json] [--rows=<n>]`: lists and charts over ten million executions, asked through the api
 * by one client, for the tenant that has a quarter of them. Filling takes some minutes.
 */
import { startBenchStack } from '../pipeline/stack.ts';
import { aggregateQuestions, listQuestions, type Question } from './questions.ts';
import { fillRows, tenantIdOf } from './rows.ts';

const json = process.argv.includes('--json');
const rowsAsked = Number(process.argv.find((argument) => argument.startsWith('--rows='))?.slice(7) ?? 10_000_000);
const rounds = 15;

function say(line: string): void {
  if (!json) console.log(line);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN) * 10) / 10;
}

async function createKey(apiUrl: string, operatorKey: string, tenantId: string): Promise<string> {
  const answer = await fetch(`${apiUrl}/v1/tenants/${tenantId}/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', scopes: ['executions:read'] }),
  });
  const { key } = (await answer.json()) as { readonly key: string };
  return key;
}

const stack = await startBenchStack();
try {
  const filled = await fillRows(stack.ownerUrl, rowsAsked);
  say(`${filled.rows} rows in ${Math.round(filled.seconds)} s`);
  const tenantKey = await createKey(stack.apiUrl, stack.operatorKey, tenantIdOf(0));
  const ask = async ({ path }: Question) => {
    const started = performance.now();
    const answer = await fetch(stack.apiUrl + path, { headers: { authorization: `Bearer ${tenantKey}` } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return performance.now() - started;
  };
  const measure = async (questions: readonly Question[]) => {
    const times: number[] = [];
    for (const question of questions) {
      // The first asking reads from disk what a server in use has in memory.
      const first = await ask(question);
      const own: number[] = [];
      for (let round = 0; round < rounds; round += 1) own.push(await ask(question));
      say(
        `${question.name.padEnd(36)} p50 ${percentile(own, 0.5)} ms, max ${percentile(own, 1)} ms, first ${percentile([first], 1)} ms`,
      );
      times.push(...own);
    }
    return times;
  };
  const lists = await measure(listQuestions(filled.firstDay.getTime(), filled.rows));
  const aggregates = await measure(aggregateQuestions(filled.firstDay.getTime()));
  const result = {
    bench: 'queries',
    rows: filled.rows,
    list_ms_p50: percentile(lists, 0.5),
    list_ms_p99: percentile(lists, 0.99),
    aggregate_ms_p50: percentile(aggregates, 0.5),
    aggregate_ms_p99: percentile(aggregates, 0.99),
    fill_s: Math.round(filled.seconds),
  };
  console.log(JSON.stringify(result));
} finally {
  await stack.stop();
}
