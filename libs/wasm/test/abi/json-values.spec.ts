import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ComponentEntry, ComponentType } from '../../src/abi/component/component-types.js';
import { argumentsFrom, InputMismatch, jsonFrom } from '../../src/abi/component/json-values.js';

/** An entry with one parameter whose type is the last of the table. */
function entry(...types: readonly ComponentType[]): ComponentEntry {
  return { style: 'typed', path: ['f'], params: [{ name: 'value', type: types.length - 1 }], types: [...types] };
}

const string: ComponentType = { kind: 'string' };
const nothing: ComponentType = { kind: 'nothing' };

describe('JSON to arguments', () => {
  test.each([
    ['a list', entry(string, { kind: 'list', of: 0 }), ['a', 'b']],
    ['a tuple', entry(string, { kind: 'boolean' }, { kind: 'tuple', of: [0, 1] }), ['a', true]],
    ['a literal', entry({ kind: 'literal', value: 'red' }), 'red'],
  ])('%s stays what it is', (_name, type, value) => {
    expect(argumentsFrom(value, type)).toEqual([value]);
  });

  test('64-bit integers come as numbers or as digits', () => {
    expect(argumentsFrom(5, entry({ kind: 'bigint' }))).toEqual([5n]);
    expect(argumentsFrom('-9223372036854775808', entry({ kind: 'bigint' }))).toEqual([-(2n ** 63n)]);
    expect(() => argumentsFrom(2 ** 60, entry({ kind: 'bigint' }))).toThrow(InputMismatch);
    expect(() => argumentsFrom('1e3', entry({ kind: 'bigint' }))).toThrow(InputMismatch);
  });

  test('numeric lists become typed arrays, and a number that does not fit is named', () => {
    expect(argumentsFrom([1, 255], entry({ kind: 'numbers', array: 'Uint8Array' }))).toEqual([Uint8Array.of(1, 255)]);
    expect(() => argumentsFrom([1, 256], entry({ kind: 'numbers', array: 'Uint8Array' }))).toThrow(
      '[1] is not a number',
    );
    expect(argumentsFrom(['9'], entry({ kind: 'numbers', array: 'BigUint64Array' }))).toEqual([BigUint64Array.of(9n)]);
    expect(argumentsFrom([0.1], entry({ kind: 'numbers', array: 'Float32Array' }))).toEqual([Float32Array.of(0.1)]);
  });

  test('fields that a record does not have never reach the component', () => {
    const type = entry(string, { kind: 'record', fields: [{ name: 'a', of: 0, optional: false }] });
    const [record] = argumentsFrom(JSON.parse('{"a":"x","__proto__":{"evil":1},"b":2}'), type) as [object];
    expect(Object.keys(record)).toEqual(['a']);
    expect(Object.getPrototypeOf(record)).toBeNull();
  });

  test('an inherited property is no field', () => {
    const type = entry(string, { kind: 'record', fields: [{ name: 'toString', of: 0, optional: false }] });
    expect(() => argumentsFrom({}, type)).toThrow('toString is not there');
  });

  test('of the members of a union, the one that fits best says what is wrong', () => {
    const type = entry(
      string,
      { kind: 'literal', value: 'none' },
      { kind: 'literal', value: 'some' },
      { kind: 'record', fields: [{ name: 'tag', of: 1, optional: false }] },
      {
        kind: 'record',
        fields: [
          { name: 'tag', of: 2, optional: false },
          { name: 'val', of: 0, optional: false },
        ],
      },
      { kind: 'union', of: [3, 4] },
    );
    expect(argumentsFrom({ tag: 'some', val: 'x' }, type)).toEqual([{ tag: 'some', val: 'x' }]);
    expect(() => argumentsFrom({ tag: 'other' }, type)).toThrow(InputMismatch);
  });

  test('several parameters take the fields of an object', () => {
    const type: ComponentEntry = {
      style: 'typed',
      path: ['f'],
      params: [
        { name: 'a', type: 0 },
        { name: 'b', type: 1 },
      ],
      types: [string, nothing],
    };
    expect(argumentsFrom({ a: 'x', b: null }, type)).toEqual(['x', undefined]);
    expect(() => argumentsFrom(['x'], type)).toThrow('the input is not an object');
  });

  test('no value of the input is asked what it is as text', () => {
    const numbers = entry({ kind: 'numbers', array: 'Int16Array' });
    for (const value of [[{ toString: false }], [{ valueOf: 1, toString: 2 }], ['1'], [[1]]]) {
      expect(() => argumentsFrom(value, numbers)).toThrow(InputMismatch);
    }
  });

  test('whatever the JSON, it fits or it is a mismatch', () => {
    const cart = entry(
      string,
      { kind: 'bigint' },
      { kind: 'numbers', array: 'Int16Array' },
      {
        kind: 'record',
        fields: [
          { name: 'a', of: 0, optional: true },
          { name: 'b', of: 1, optional: false },
        ],
      },
      { kind: 'list', of: 3 },
      { kind: 'union', of: [2, 4] },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          expect(argumentsFrom(value, cart)).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(InputMismatch);
        }
      }),
    );
  });
});

describe('values to JSON', () => {
  test.each([
    [undefined, 'null'],
    [5n, '5'],
    [2n ** 53n + 1n, '"9007199254740993"'],
    [{ a: [1n, 'x'], b: undefined }, '{"a":[1,"x"]}'],
    [Uint8Array.of(1, 2), '[1,2]'],
    [BigInt64Array.of(-1n), '[-1]'],
    [{ tag: 'ok', val: true }, '{"tag":"ok","val":true}'],
  ])('%p', (value, text) => {
    expect(jsonFrom(value)).toBe(text);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%p has no word in JSON', (value) => {
    expect(() => jsonFrom([value])).toThrow(RangeError);
  });
});
