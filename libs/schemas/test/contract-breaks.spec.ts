import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '@tenon/contracts';
import { contractBreaks } from '@tenon/schemas';

const open: JsonObject = { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] };
const closed: JsonObject = { ...open, additionalProperties: false };
const withNote = (schema: JsonObject, note: JsonObject): JsonObject => ({
  ...schema,
  properties: { total: { type: 'number' }, note },
});
const input = (before: JsonObject, after: JsonObject) =>
  contractBreaks({ inputSchema: before, outputSchema: {} }, { inputSchema: after, outputSchema: {} }, '/body');
const output = (before: JsonObject, after: JsonObject) =>
  contractBreaks({ inputSchema: {}, outputSchema: before }, { inputSchema: {}, outputSchema: after }, '/body');
const text: JsonObject = { type: 'string' };

describe('a change of inputs', () => {
  test.each<[string, JsonObject, JsonObject]>([
    ['a new description', open, { ...open, description: 'a cart' }],
    ['a new optional property of an open object', open, withNote(open, text)],
  ])('breaks nobody: %s', (_name, before, after) => {
    expect(input(before, after)).toEqual([]);
  });

  test.each<[string, JsonObject, JsonObject, string]>([
    ['a new demand', open, { ...open, required: ['total', 'note'] }, '/body/inputSchema/required'],
    ['a demand less: functions may miss it', open, { ...open, required: [] }, '/body/inputSchema/required'],
    ['another type', open, { ...open, properties: { total: text } }, '/body/inputSchema/properties/total/type'],
    ['closed to what was open', open, closed, '/body/inputSchema/additionalProperties'],
    ['a new property of a closed object', closed, withNote(closed, text), '/body/inputSchema/properties/note'],
    ['a property that is gone', withNote(closed, text), closed, '/body/inputSchema/properties/note'],
  ])('breaks someone: %s', (_name, before, after, pointer) => {
    expect(input(before, after).map((error) => error.pointer)).toContain(pointer);
  });
});

describe('a change of outputs', () => {
  test.each<[string, JsonObject, JsonObject]>([
    ['a demand less', open, { ...open, required: [] }],
    ['a new optional property of a closed object', closed, withNote(closed, text)],
    ['open instead of closed', closed, open],
  ])('breaks nobody: %s', (_name, before, after) => {
    expect(output(before, after)).toEqual([]);
  });

  test.each<[string, JsonObject, JsonObject]>([
    ['a new demand', open, { ...open, required: ['total', 'note'] }],
    ['a type for what functions could give freely', open, withNote(open, text)],
    ['closed to what was open', open, closed],
  ])('breaks someone: %s', (_name, before, after) => {
    expect(output(before, after)).not.toEqual([]);
  });
});
