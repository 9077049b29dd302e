/**
 * `npm run bench -- queries [--json] [--rows=<n>]`: lists and charts over ten million executions, asked through the api
 * by one client, for the tenant that has nine tenths of them and for one that has ten. Filling takes some minutes.
 */
import { startBenchStack } from '../pipeline/stack.ts';
import { measureQueries } from './measure.ts';
import { fillRows } from './rows.ts';

const json = process.argv.includes('--json');
const rowsAsked = Number(process.argv.find((argument) => argument.startsWith('--rows='))?.slice(7) ?? 10_000_000);

function say(line: string): void {
  if (!json) console.log(line);
}

const stack = await startBenchStack();
try {
  const filled = await fillRows(stack.ownerUrl, rowsAsked);
  say(`${filled.rows} rows in ${Math.round(filled.seconds)} s`);
  const figures = await measureQueries(stack, { firstDayMs: filled.firstDay.getTime(), rows: filled.rows }, say);
  console.log(JSON.stringify({ bench: 'queries', rows: filled.rows, ...figures, fill_s: Math.round(filled.seconds) }));
} finally {
  await stack.stop();
}
