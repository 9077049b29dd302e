import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RandomSource } from '../../src/abi/host/random-source.js';

function keystream(seed: string, length: number): string {
  const bytes = new Uint8Array(length);
  new RandomSource(seed).fill(bytes);
  return Buffer.from(bytes).toString('hex');
}

test('the keystream of a zero key is test vector 1 of RFC 8439, appendix A.1, and then 2', () => {
  expect(keystream('00'.repeat(32), 128)).toBe(
    '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586' +
      '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f',
  );
});

test('how a guest cuts its requests does not change the bytes', () => {
  const seed = 'ab'.repeat(32);
  const whole = keystream(seed, 500);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 5 }), (lengths) => {
      const source = new RandomSource(seed);
      const parts = lengths.map((length) => {
        const bytes = new Uint8Array(length);
        source.fill(bytes);
        return Buffer.from(bytes).toString('hex');
      });
      expect(whole.startsWith(parts.join(''))).toBe(true);
    }),
  );
});
