/** A path below the api, and what it asks. */
export interface Question {
  readonly name: string;
  readonly path: string;
}

const iso = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Lists as people ask for them, common and rare, recent and a week old. */
export function listQuestions(firstDayMs: number, rows: number): readonly Question[] {
  const lastDayMs = firstDayMs + 6 * dayMs;
  const list = (name: string, query: string): Question => ({ name, path: `/v1/executions?limit=50&${query}` });
  const oldVersion = 'ver_01kaj000000000000000000000';
  return [
    list('newest', ''),
    list('one function', 'function=function-3'),
    list('an old version', `version=${oldVersion}`),
    list('an old version of a function', `version=${oldVersion}&function=function-0`),
    list('failures of the guest', 'fault=guest'),
    list('a rare outcome', 'outcome=memory_limit'),
    list('an outcome that never was', 'outcome=stack_overflow'),
    list('a rare outcome of a rare function', 'outcome=memory_limit&function=function-9'),
    list('test runs', 'kind=test'),
    list('an extension point', 'extensionPoint=cart.discounts'),
    list('one hour, days ago', `from=${iso(firstDayMs + 30 * hourMs)}&to=${iso(firstDayMs + 31 * hourMs)}`),
    list('failures of a day', `fault=guest&from=${iso(firstDayMs + dayMs)}&to=${iso(firstDayMs + 2 * dayMs)}`),
    list('slow runs', 'wallUsMin=3000'),
    list('the slowest runs', 'wallUsMin=8000'),
    list('runs of a span of durations', 'wallUsMin=2000&wallUsMax=2010'),
    list('costly runs of a function', 'instructionsMin=150000&function=function-2'),
    list('one event', 'event=evt_' + '01kaj00000'.padEnd(26, '0')),
    list('text in logs, common', 'log=tier%203'),
    list('text in logs, in one hour', `log=customer%2042&from=${iso(lastDayMs)}&to=${iso(lastDayMs + hourMs)}`),
    list('text in logs, far away', `log=order%20${Math.floor(rows / 14) * 5}`),
  ];
}

/** Charts as a dashboard shows them. */
export function aggregateQuestions(firstDayMs: number): readonly Question[] {
  const endMs = firstDayMs + 7 * dayMs;
  const chart = (name: string, spanMs: number, query: string): Question => ({
    name,
    path: `/v1/executions/statistics?from=${iso(endMs - spanMs)}&to=${iso(endMs)}&${query}`,
  });
  return [
    chart('an hour by the minute', hourMs, 'bucket=1m'),
    chart('a day by the quarter of an hour', dayMs, 'bucket=15m'),
    chart('a day by function', dayMs, 'by=function'),
    chart('a day of one function', dayMs, 'function=function-1'),
    chart('a week by the hour', 7 * dayMs, 'bucket=1h'),
    chart('a week by function', 7 * dayMs, 'by=function'),
    chart('a week by the day', 7 * dayMs, 'bucket=1d'),
    chart('failures of a week', 7 * dayMs, 'fault=guest'),
    chart('a week of one function', 7 * dayMs, 'function=function-0'),
  ];
}
