import { describe, expect, it } from '@jest/globals';
import { checkOutput } from '../../src/abi/host/json-output.js';

const bytesOf = (...values: number[]) => Uint8Array.from(values);

describe('checkOutput', () => {
  const good = new TextEncoder().encode('{"a":"ä"}');

  it.each([
    ['bytes that are no UTF-8', bytesOf(0x22, 0xff, 0x22)],
    ['a character cut in two', bytesOf(0x22, 0xc3)],
    ['a mark of the byte order alone', bytesOf(0xef, 0xbb, 0xbf)],
    ['a mark of the byte order before text', bytesOf(0xef, 0xbb, 0xbf, 0x31)],
  ])('reads an output as it is after %s', (_, before) => {
    const alone = checkOutput(before);

    expect(checkOutput(good)).toEqual({ valid: true, text: '{"a":"ä"}' });
    expect(checkOutput(before)).toEqual(alone);
  });

  it('takes the second half of a character for no output of its own', () => {
    checkOutput(bytesOf(0x22, 0xc3));

    expect(checkOutput(bytesOf(0xa4, 0x22))).toEqual({ valid: false, why: 'The output is not UTF-8.' });
  });
});
