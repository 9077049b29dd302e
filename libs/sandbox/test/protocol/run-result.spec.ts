import { describe, expect, it } from '@jest/globals';
import { type ExecutionResult, outcomeNames } from '@tenon/contracts';
import { decodeRunResult, encodeRunResult, ProtocolError } from '@tenon/sandbox';
import fc from 'fast-check';

const bounds = { outputBytesMax: 10_000, logBytesMax: 10_000 };
const countArbitrary = fc.nat(Number.MAX_SAFE_INTEGER);
const textArbitrary = fc.string({ unit: 'grapheme', maxLength: 60 });

const resultArbitrary: fc.Arbitrary<ExecutionResult> = fc
  .record(
    {
      outcome: fc.constantFrom(...outcomeNames),
      message: textArbitrary,
      log: textArbitrary,
      logBytesDropped: countArbitrary,
      instructionsUsed: countArbitrary,
      fuelUsed: countArbitrary,
      memoryBytesPeak: countArbitrary,
      cpuUs: countArbitrary,
      wallUs: countArbitrary,
      limit: fc.record({ name: fc.constant('stackBytesMax' as const), max: countArbitrary, actual: countArbitrary }),
      exitCode: fc.integer(),
      guestError: textArbitrary,
      backtrace: fc.array(fc.record({ functionIndex: fc.nat(), functionName: textArbitrary }), { maxLength: 5 }),
    },
    {
      requiredKeys: [
        'outcome',
        'message',
        'log',
        'logBytesDropped',
        'instructionsUsed',
        'fuelUsed',
        'memoryBytesPeak',
        'cpuUs',
        'wallUs',
      ],
    },
  )
  .chain((result) =>
    result.outcome === 'succeeded'
      ? textArbitrary.map((output) => ({ ...result, output }) as ExecutionResult)
      : fc.constant(result as ExecutionResult),
  );

describe('result frames', () => {
  it('carry a result unchanged', () => {
    fc.assert(
      fc.property(resultArbitrary, (result) => {
        expect(decodeRunResult(encodeRunResult(result), bounds)).toEqual(result);
      }),
    );
  });

  it('with any bytes changed give a result within bounds or a ProtocolError, nothing else', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(resultArbitrary, changes, fc.nat(), (result, edits, length) => {
        const bytes = Buffer.from(encodeRunResult(result));
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        try {
          const decoded = decodeRunResult(length % 3 === 0 ? bytes.subarray(0, length % bytes.length) : bytes, bounds);
          expect(outcomeNames).toContain(decoded.outcome);
          expect(decoded.outcome === 'succeeded').toBe(decoded.output !== undefined);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});
