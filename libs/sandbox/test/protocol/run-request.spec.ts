import { describe, expect, it } from '@jest/globals';
import { executionLimitsSchema } from '@tenon/contracts';
import {
  boundsOfRun,
  decodeExecuteBody,
  decodeRun,
  encodeExecuteFrame,
  frameHeaderBytes,
  ProtocolError,
} from '@tenon/sandbox';
import fc from 'fast-check';
import { requestOf } from '../support/requests.js';

const hexArbitrary = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const requestArbitrary = fc.record({
  input: fc.string({ unit: 'grapheme', maxLength: 200 }),
  limits: fc.record({
    instructionsMax: fc.integer({ min: 1_000, max: 10_000_000_000 }),
    memoryBytesMax: fc.integer({ min: 65_536, max: 1_073_741_824 }),
    stackBytesMax: fc.integer({ min: 16_000, max: 4_000_000 }),
    inputBytesMax: fc.integer({ min: 1, max: 16_000_000 }),
    outputBytesMax: fc.integer({ min: 1, max: 16_000_000 }),
    logBytesMax: fc.integer({ min: 0, max: 1_000_000 }),
    deadlineMs: fc.integer({ min: 1, max: 60_000 }),
  }),
  clockMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  seed: hexArbitrary,
});
const configArbitrary = fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }), {
  maxKeys: 5,
  noNullPrototype: true,
});

describe('execute frames', () => {
  it('carry a request unchanged', () => {
    fc.assert(
      fc.property(hexArbitrary, fc.string({ unit: 'grapheme' }), requestArbitrary, (artifactId, tenantId, request) => {
        const frame = encodeExecuteFrame(7, artifactId, tenantId, request);

        const body = decodeExecuteBody(frame.subarray(frameHeaderBytes));

        expect(body).toMatchObject({ artifactId, tenantId, deadlineMs: request.limits.deadlineMs });
        expect(decodeRun(body.run)).toEqual(request);
      }),
    );
  });

  it('settings of a function never arrived', () => {
    fc.assert(
      fc.property(requestArbitrary, configArbitrary, (request, config) => {
        const frame = encodeExecuteFrame(7, 'ab'.repeat(32), 'tnt_a', { ...request, config });

        const { run } = decodeExecuteBody(frame.subarray(frameHeaderBytes));

        expect(decodeRun(run)).toEqual({ ...request, config });
        expect(boundsOfRun(run)).toEqual({
          memoryBytesMax: request.limits.memoryBytesMax,
          outputBytesMax: request.limits.outputBytesMax,
          logBytesMax: request.limits.logBytesMax,
        });
      }),
    );
  });

  it('have a field for every limit of the contract', () => {
    expect(Object.keys(decodeRun(decodeExecuteBody(bodyOfDefault()).run).limits).sort()).toEqual(
      Object.keys(executionLimitsSchema.shape).sort(),
    );
  });

  it('cut anywhere before the input are refused', () => {
    const body = bodyOfDefault();
    for (let length = 0; length < body.length - 4; length += 1) {
      expect(() => decodeRun(decodeExecuteBody(body.subarray(0, length)).run)).toThrow(ProtocolError);
    }
  });
});

function bodyOfDefault(): Buffer {
  return encodeExecuteFrame(1, 'ab'.repeat(32), 'tnt_a', requestOf({})).subarray(frameHeaderBytes);
}
