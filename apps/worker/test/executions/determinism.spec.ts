import { describe, expect, it } from '@jest/globals';
import { newId } from '@tenon/contracts';
import { seedFor } from '../../src/executions/determinism.js';

describe('the seed of a run', () => {
  const [event, fn] = [newId('event'), newId('function')];

  it('is 32 bytes, and the same for the same event and function', () => {
    expect(seedFor(event, fn)).toMatch(/^[0-9a-f]{64}$/);
    expect(seedFor(event, fn)).toBe(seedFor(event, fn));
  });

  it('differs between events and between functions', () => {
    expect(new Set([seedFor(event, fn), seedFor(newId('event'), fn), seedFor(event, newId('function'))]).size).toBe(3);
  });
});
