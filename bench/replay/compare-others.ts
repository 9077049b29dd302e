import { isDeepStrictEqual } from 'node:util';
import { activateWhenReady, type BenchStack, call } from '../pipeline/stack.ts';
import { type Point, upload } from './guests.ts';
import { seeded } from './inputs.ts';
import type { Recorded } from './record.ts';
import { type PatchStep, type Replayed, replay } from './replay-request.ts';

const comparisons = 100;
/** The same rule in another language: another version of the function, with the same outputs and other figures. */
const other = { of: 'volume-discount', file: 'volume-discount-c/volume-discount.wasm' };

/** How many replays with another version or another input said what is different, and truly. */
export async function compareOthers(stack: BenchStack, points: readonly Point[], recorded: readonly Recorded[]) {
  const point = points.find(({ functions }) => functions.some(({ name }) => name === other.of));
  const version = await upload(stack, other.of, other.file);
  await activateWhenReady(`${stack.apiUrl}/v1/functions/${other.of}/activate`, stack.tenantKey, version);
  await call(`${stack.apiUrl}/v1/functions/${other.of}/rollback`, 'POST', stack.tenantKey, {});
  const runs = recorded.filter(({ function: name }) => name === other.of).slice(0, comparisons);
  const random = seeded(7);
  let wellCompared = 0;
  for (const run of runs) {
    const byVersion = await replay(stack, run.id, { version });
    if (isTrue(byVersion) && byVersion.replay.version === version) wellCompared += 1;
    const input = point?.input(random) ?? {};
    const byInput = await replay(stack, run.id, { input });
    if (isTrue(byInput) && isDeepStrictEqual(byInput.replay.input, input)) wellCompared += 1;
  }
  return { compared: 2 * runs.length, compared_well: wellCompared };
}

/** Whether the differences that the api names are those between the two executions that it shows. */
function isTrue({ reproduced, original, replay: again, difference }: Replayed): boolean {
  const figures = [difference.instructionsUsed, difference.memoryBytesPeak, difference.wallUs];
  if (reproduced !== null || figures.some((one) => one.difference !== one.replay - one.original)) return false;
  if (original.output === undefined || again.output === undefined) return difference.output === null;
  if (difference.outputCut) return true;
  return isDeepStrictEqual(patched(structuredClone(original.output), difference.output ?? []), again.output);
}

/** Does what RFC 6902 says about the three operations that the api uses. */
function patched(document: unknown, steps: readonly PatchStep[]): unknown {
  let result = document;
  for (const { op, path, value } of steps) {
    if (path === '') {
      result = value;
      continue;
    }
    const keys = path
      .slice(1)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    const parent = keys.reduce<unknown>((at, key) => Reflect.get(Object(at), key), result);
    if (Array.isArray(parent)) {
      const index = last === '-' ? parent.length : Number(last);
      if (op === 'replace') parent[index] = value;
      else parent.splice(index, op === 'remove' ? 1 : 0, ...(op === 'add' ? [value] : []));
    } else if (op === 'remove') Reflect.deleteProperty(Object(parent), last);
    else Reflect.set(Object(parent), last, value);
  }
  return result;
}
