import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonDepthMax, parseJsonBody } from '../src/http/json-body.js';

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

describe('reading a JSON body', () => {
  test('whatever JSON.stringify writes comes back the same', () => {
    const storable = fc
      .jsonValue({ stringUnit: 'grapheme', maxDepth: 20 })
      .filter((value) => !JSON.stringify(value).includes('\\u0000') && !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(storable, (value) => {
        const text = JSON.stringify(value);
        expect(parseJsonBody(bytes(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('no bytes make it throw anything but a problem', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (body) => {
        try {
          parseJsonBody(body);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_json' });
        }
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['broken text', '{"a":'],
    ['a prototype', '{"a":{"__proto__":{"admin":true}}}'],
    ['a prototype in disguise', '{"\\u005f_proto__":1}'],
    ['U+0000 in a value', '["a\\u0000"]'],
    ['U+0000 in a name', '{"\\u0000":1}'],
    ['a lone surrogate', '["\\ud800"]'],
    ['a number that would become null', '{"a":[1,1e400]}'],
    ['a negative one', '[-1.5E+999]'],
    ['one that needs no exponent', `{"a":${'9'.repeat(400)}}`],
    ['too much nesting', '['.repeat(jsonDepthMax + 1) + ']'.repeat(jsonDepthMax + 1)],
    ['a nesting bomb', '['.repeat(1_000_000)],
  ])('%s is refused', (_name, text) => {
    expect(() => parseJsonBody(bytes(text))).toThrow(expect.objectContaining({ code: 'invalid_json' }));
  });

  test('bytes that are not UTF-8 are refused, not replaced', () => {
    expect(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22]))).toThrow(
      expect.objectContaining({ code: 'invalid_json' }),
    );
  });

  test('large numbers that a double holds, and text that looks like others, come back the same', () => {
    const text = `{"a":[1e308,-0.0e-999,${'1'.repeat(309)},true,false],"b":"1e400","c":"${'9'.repeat(400)}","1e400":null}`;
    expect(parseJsonBody(bytes(text))).toEqual(JSON.parse(text));
  });

  test('brackets and escapes inside text do not count', () => {
    const text = JSON.stringify({ a: '['.repeat(1_000), b: '\\"[[[', c: '\\u0000 as text', d: '__proto__' });
    expect(parseJsonBody(bytes(text))).toEqual(JSON.parse(text));
    expect(parseJsonBody(bytes('["\\ud83d\\ude00"]'))).toEqual(['😀']);
  });
});
