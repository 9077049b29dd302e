import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { meter } from '../support/engine.js';
import { interpret, program, toText } from './reference-interpreter.js';

describe('instruction counts of random programs', () => {
  it('equal what a reference interpreter counts, and the results are the same', async () => {
    const args = fc.tuple(
      fc.integer({ min: -5, max: 5 }),
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(program, args, async (statements, values) => {
        const { call } = await meter(toText(statements));
        const { value, usage } = call('run', values);
        expect({ value, count: Number(usage.instructions) }).toEqual(interpret(statements, values));
      }),
      { numRuns: 150, seed: 1 },
    );
  });
});
