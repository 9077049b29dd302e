import { describe, expect, it } from '@jest/globals';
import type { Combination } from '@tenon/contracts';
import { runPoint, type Turn } from '../../src/combination/run-point.js';
import { finished, functionOn, pointWith } from '../support/runnable.js';

const input = '{"total":10}';
type Answer = string | { readonly fails: 'trap' | 'deadline' };

/** Functions that answer what is given, in this order; `seen` are their inputs. */
async function combine(combination: Combination, failurePolicy: 'open' | 'closed', answers: readonly Answer[]) {
  const point = pointWith({ combination, failurePolicy });
  const turns: Turn[] = answers.map((_, index) => ({ target: functionOn(point), position: index + 1 }));
  const seen: string[] = [];
  const result = await runPoint(point, turns, input, async ({ position }, given) => {
    seen.push(given);
    const answer = answers[position - 1] ?? '{}';
    return finished(typeof answer === 'string' ? { output: answer } : { outcome: answer.fails });
  });
  return {
    outcome: result.outcome,
    output: result.output === undefined ? undefined : JSON.parse(result.output),
    steps: result.contributions.map(({ position, outcome, changed }) => [position, outcome, changed]),
    seen,
    runs: result.runs.length,
  };
}

describe('all', () => {
  it('is the array of the outputs in their order, each of the same input', async () => {
    const result = await combine('all', 'open', ['{"a":1}', '[2]']);
    expect(result).toMatchObject({ outcome: 'succeeded', output: [{ a: 1 }, [2]], seen: [input, input] });
  });

  it('leaves a failure out where the point is open, and fails where it is closed', async () => {
    const answers = ['1', { fails: 'trap' }, '3'] as const;
    expect(await combine('all', 'open', answers)).toMatchObject({ outcome: 'succeeded', output: [1, 3] });
    expect(await combine('all', 'closed', answers)).toMatchObject({ outcome: 'trap', output: undefined, runs: 3 });
    expect(await combine('all', 'open', [{ fails: 'trap' }])).toMatchObject({ outcome: 'trap', output: undefined });
  });
});

describe('first', () => {
  it('is the first success, and what comes after it does not run', async () => {
    const result = await combine('first', 'open', [{ fails: 'deadline' }, '2', '3']);
    expect(result).toMatchObject({ outcome: 'succeeded', output: 2, runs: 2 });
    expect(result.steps).toEqual([
      [1, 'deadline', undefined],
      [2, 'succeeded', undefined],
      [3, 'skipped', undefined],
    ]);
  });

  it('ends with the first failure where the point is closed', async () => {
    const result = await combine('first', 'closed', [{ fails: 'deadline' }, '2']);
    expect(result).toMatchObject({ outcome: 'deadline', output: undefined, runs: 1 });
  });

  it('is the last failure where nobody succeeds', async () => {
    expect(await combine('first', 'open', [{ fails: 'deadline' }, { fails: 'trap' }])).toMatchObject({
      outcome: 'trap',
    });
  });
});

describe('a pipeline', () => {
  it('hands each output on, and says who changed what', async () => {
    const result = await combine('pipeline', 'open', ['{"total":9}', '{"total":9,"gift":true}']);
    expect(result).toMatchObject({ outcome: 'succeeded', output: { total: 9, gift: true } });
    expect(result.seen).toEqual([input, '{"total":9}']);
    expect(result.steps).toEqual([
      [1, 'succeeded', ['/total']],
      [2, 'succeeded', ['/gift']],
    ]);
  });

  it('goes round a failure where the point is open: the next one gets what the failed one got', async () => {
    const result = await combine('pipeline', 'open', ['1', { fails: 'trap' }, '3']);
    expect(result).toMatchObject({ outcome: 'succeeded', output: 3, seen: [input, '1', '1'] });
  });

  it('ends at a failure where the point is closed', async () => {
    const result = await combine('pipeline', 'closed', ['1', { fails: 'trap' }, '3']);
    expect(result).toMatchObject({ outcome: 'trap', output: undefined, runs: 2 });
    expect(result.steps.at(-1)).toEqual([3, 'skipped', undefined]);
  });
});

describe('a merge', () => {
  it('applies the outputs in their order, and says who changed what', async () => {
    const result = await combine('merge', 'open', ['{"a":1,"b":{"c":2}}', '{"b":{"c":3}}', '{"a":null}']);
    expect(result).toMatchObject({ outcome: 'succeeded', output: { b: { c: 3 } }, seen: [input, input, input] });
    expect(result.steps.map(([, , changed]) => changed)).toEqual([['/a', '/b'], ['/b/c'], ['/a']]);
  });

  it('leaves a failure out where the point is open, and fails where it is closed', async () => {
    const answers = ['{"a":1}', { fails: 'trap' }, '{"b":2}'] as const;
    expect(await combine('merge', 'open', answers)).toMatchObject({ outcome: 'succeeded', output: { a: 1, b: 2 } });
    expect(await combine('merge', 'closed', answers)).toMatchObject({ outcome: 'trap', output: undefined });
  });
});

it.each(['all', 'first', 'pipeline', 'merge'] as const)('%s of no functions at all succeeds', async (combination) => {
  expect(await combine(combination, 'open', [])).toMatchObject({ outcome: 'succeeded', runs: 0, steps: [] });
});
