import { describe, expect, it } from '@jest/globals';
import type { ExecutionResult } from '@tenon/contracts';
import { OutputCheck, type OutputContract } from '../../src/executions/output-check.js';

const contract: OutputContract = {
  name: 'cart.discounts',
  version: 1,
  outputSchema: {
    type: 'object',
    required: ['discounts'],
    properties: { discounts: { type: 'array', items: { type: 'object', required: ['percent'] } } },
  },
};

function succeeded(output: string): ExecutionResult {
  return {
    outcome: 'succeeded',
    message: 'fine',
    output,
    log: 'seen',
    logBytesDropped: 0,
    instructionsUsed: 5,
    fuelUsed: 6,
    memoryBytesPeak: 7,
    cpuUs: 8,
    wallUs: 9,
  };
}

describe('the output check', () => {
  it('lets an output pass that fits', () => {
    const result = succeeded('{"discounts":[]}');
    expect(new OutputCheck().apply(result, contract)).toBe(result);
  });

  it('turns one that does not into invalid_output, says where, and keeps what it cost', () => {
    const result = new OutputCheck().apply(succeeded('{"discounts":[{}]}'), contract);
    expect(result).toMatchObject({ outcome: 'invalid_output', log: 'seen', instructionsUsed: 5, fuelUsed: 6 });
    expect(result.message).toContain('/discounts/0');
    expect(result.message).toContain('percent');
    expect(result).not.toHaveProperty('output');
  });

  it('leaves failures as they are', () => {
    const { output: _none, ...rest } = succeeded('');
    const trap: ExecutionResult = { ...rest, outcome: 'trap' };
    expect(new OutputCheck().apply(trap, contract)).toBe(trap);
  });

  it('follows a point that was changed', () => {
    const check = new OutputCheck();
    const result = succeeded('{}');
    expect(check.apply(result, contract).outcome).toBe('invalid_output');
    const relaxed = { ...contract, version: 2, outputSchema: { type: 'object' } };
    expect(check.apply(result, relaxed).outcome).toBe('succeeded');
    expect(check.apply(result, contract).outcome).toBe('invalid_output');
  });

  it('takes two points whose schemas share an $id', () => {
    const check = new OutputCheck();
    const outputSchema = { $id: 'https://example.com/same', type: 'object' };
    const points = ['first', 'second'].map((name) => ({ ...contract, name, outputSchema }));
    for (const point of points) expect(check.apply(succeeded('{}'), point).outcome).toBe('succeeded');
  });

  it('takes no time for a pattern that would take for ever, whatever the output', () => {
    const outputSchema = { type: 'string', pattern: '^(a+)+$' };
    const result = succeeded(JSON.stringify(`${'a'.repeat(10_000)}!`));
    expect(new OutputCheck().apply(result, { ...contract, outputSchema }).outcome).toBe('invalid_output');
  });

  it('understands draft 2020-12 and formats', () => {
    const outputSchema = { type: 'array', prefixItems: [{ type: 'string', format: 'date' }], items: false };
    const point = { ...contract, outputSchema };
    const check = new OutputCheck();
    expect(check.apply(succeeded('["2026-11-21"]'), point).outcome).toBe('succeeded');
    expect(check.apply(succeeded('["tomorrow"]'), point).outcome).toBe('invalid_output');
    expect(check.apply(succeeded('["2026-11-21",1]'), point).outcome).toBe('invalid_output');
  });
});
