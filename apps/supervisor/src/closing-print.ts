import { defaultExecutionLimits } from '@tenon/contracts';
import type { DevFile } from './dev-file.js';
import type { SampleRun } from './sample-run.js';

function bytes(count: number): string {
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(2)} MB`;
}

function duration(us: number): string {
  return us < 1_000 ? `${us} µs` : `${(us / 1_000).toFixed(1)} ms`;
}

function indented(text: string, spaces: number): string {
  return text.replace(/^/gm, ' '.repeat(spaces));
}

/** For a shell: single quotes keep everything but themselves as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function describeRun({ event, execution }: SampleRun): string[] {
  const { instructionsMax, memoryBytesMax } = defaultExecutionLimits;
  const rows = [
    ['outcome', `${execution.outcome}: ${execution.message}`],
    ['instructions', `${execution.instructionsUsed.toLocaleString('en')} of ${instructionsMax.toLocaleString('en')}`],
    ['memory', `${bytes(execution.memoryBytesPeak)} of ${bytes(memoryBytesMax)}`],
    ['duration', `${duration(execution.wallUs)}, of which CPU ${duration(execution.cpuUs)}`],
  ];
  return [
    `Event ${execution.event ?? event.id} (${event.type}) ran the function ${execution.function}:`,
    '',
    ...rows.map(([name = '', value = '']) => `  ${name.padEnd(13)} ${value}`),
    ...(execution.output === undefined ? [] : ['  output', indented(JSON.stringify(execution.output, null, 2), 16)]),
  ];
}

function curlLines({ url, tenantKey }: DevFile, { event, execution }: SampleRun): string[] {
  const key = `-H ${quoted(`Authorization: Bearer ${tenantKey}`)}`;
  const next = JSON.stringify({ ...event, id: 'cart-by-hand-1' });
  return [
    '# send an event yourself',
    `curl -s ${url}/v1/events ${key} -H 'Content-Type: application/json' -d ${quoted(next)}`,
    '# what ran last, newest first',
    `curl -s ${key} '${url}/v1/executions?limit=5'`,
    '# everything about the run above: input, output, log, limits',
    `curl -s ${key} ${url}/v1/executions/${execution.id}`,
  ];
}

/** What a person sees at the end of a start. */
export function closingPrint(dev: DevFile, run: SampleRun): string {
  return [
    '',
    ...describeRun(run),
    '',
    'Go on with',
    '',
    ...curlLines(dev, run).map((line) => `  ${line}`),
    '',
    `  API and its reference   ${dev.url}/docs`,
    '  keys                    .tenon/dev.json',
    '  logs                    .tenon/logs',
    '',
  ].join('\n');
}
