/** A path below the api, and what it asks. */
export interface Question {
  readonly name: string;
  readonly path: string;
}

/** What questions speak of: it has to be in the rows. */
export interface Filled {
  readonly firstDayMs: number;
  readonly rows: number;
  /** An event of the asking tenant, some days ago. */
  readonly eventId: string;
}

const iso = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
const idDigits = '0123456789abcdefghjkmnpqrstvwxyz';
const versionOf = (functionNumber: number, day: number) =>
  `version=ver_01kaj000000000000000${String(functionNumber * 8 + day).padStart(6, '0')}`;

/** The first id of a time, as a page that ended there gives it. */
function cursorAt(ms: number): string {
  const digits = Array.from({ length: 10 }, (_, place) => idDigits[Math.floor(ms / 32 ** (9 - place)) % 32]);
  return `cursor=exe_${digits.join('')}${'0'.repeat(16)}`;
}

/** Every filter, by what it narrows: common values and rare ones, values that were never, recent and old. */
function filters({ firstDayMs, rows, eventId }: Filled): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const between = (from: number, to: number) => `from=${iso(firstDayMs + from)}&to=${iso(firstDayMs + to)}`;
  return {
    function: { 'busy function': 'function=function-0', 'quiet function': 'function=function-9' },
    version: { 'old version': versionOf(0, 0), 'new version': versionOf(3, 7), 'quiet version': versionOf(9, 3) },
    outcome: {
      succeeded: 'outcome=succeeded',
      failures: 'fault=guest',
      'rare outcome': 'outcome=memory_limit',
      'no outcome': 'outcome=stack_overflow',
    },
    kind: { tests: 'kind=test', replays: 'kind=replay' },
    time: {
      minute: between(3 * dayMs, 3 * dayMs + minuteMs),
      hour: between(3 * dayMs + 5 * hourMs, 3 * dayMs + 6 * hourMs),
      day: between(2 * dayMs, 3 * dayMs),
    },
    event: { event: `event=${eventId}`, 'no event': `event=evt_${'01kaj00000'.padEnd(26, '0')}` },
    duration: {
      slow: 'wallUsMin=3000',
      slowest: 'wallUsMin=8000',
      fastest: 'wallUsMax=22',
      'one duration': 'wallUsMin=1234&wallUsMax=1234',
    },
    instructions: {
      cheap: 'instructionsMax=300',
      costly: 'instructionsMin=150000',
      'one count': 'instructionsMin=8100&instructionsMax=8101',
    },
    text: {
      'common text': 'log=tier%203',
      'one order': `log=order%20${Math.floor(rows / 14) * 5}`,
      'no text': 'log=nothing%20like%20it',
    },
    point: { point: 'extensionPoint=cart.discounts' },
  };
}

/** Lists: each filter alone and every two that narrow different things, from the newest and from days ago. */
export function listQuestions(filled: Filled): readonly Question[] {
  const dimensions = Object.values(filters(filled)).map((values) => Object.entries(values));
  const deep = cursorAt(filled.firstDayMs + 2 * dayMs + 7 * hourMs);
  const list = (name: string, ...parts: readonly string[]): Question => ({
    name,
    path: `/v1/executions?limit=50&${parts.join('&')}`,
  });
  const single = [['newest', ''] as const, ...dimensions.flat()];
  const pairs = dimensions.flatMap((left, place) =>
    dimensions.slice(place + 1).flatMap((right) => left.flatMap((a) => right.map((b) => [a, b] as const))),
  );
  return [
    ...single.map(([name, query]) => list(name, query)),
    ...single.map(([name, query]) => list(`${name}, days ago`, query, deep)),
    ...pairs.map(([[a, left], [b, right]]) => list(`${a}, ${b}`, left, right)),
    list(
      'everything at once',
      versionOf(1, 3),
      'function=function-1&fault=guest&kind=event&log=tier',
      'wallUsMin=100&wallUsMax=900&instructionsMin=3000',
    ),
  ];
}

/** Charts: every bucket over the longest time that it is for, of everything and of parts. */
export function aggregateQuestions({ firstDayMs }: Filled): readonly Question[] {
  const endMs = firstDayMs + 7 * dayMs;
  const spans = {
    '1m': 3 * hourMs,
    '5m': 6 * hourMs,
    '15m': 6 * hourMs,
    '1h': 7 * dayMs,
    '6h': 7 * dayMs,
    '1d': 7 * dayMs,
  };
  const parts = {
    'all runs': '',
    'by function': 'by=function',
    'one function': 'function=function-0',
    'one version': versionOf(0, 6),
    failures: 'fault=guest',
    'failures by function': 'by=function&fault=guest',
    tests: 'kind=test',
    'one point': 'extensionPoint=cart.discounts',
  };
  return Object.entries(spans).flatMap(([bucket, spanMs]) =>
    Object.entries(parts).map(([name, query]) => ({
      name: `${name}, ${bucket}`,
      path: `/v1/executions/statistics?from=${iso(endMs - spanMs)}&to=${iso(endMs)}&bucket=${bucket}&${query}`,
    })),
  );
}
