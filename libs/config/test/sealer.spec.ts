import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SealError, Sealer } from '../src/index.js';

const oldKey = Buffer.alloc(32, 1);
const newKey = Buffer.alloc(32, 2);

describe('Sealer', () => {
  const sealer = new Sealer([newKey, oldKey]);

  it('opens what it sealed, for the same context', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (plain, context) => {
        expect(new Uint8Array(sealer.open(sealer.seal(plain, context), context))).toEqual(plain);
      }),
    );
  });

  it('opens nothing that was changed in any bit', () => {
    const sealed = sealer.seal('a secret', 'whs_1');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => sealer.open(changed, 'whs_1')).toThrow(SealError);
    }
  });

  it('opens nothing for another context', () => {
    expect(() => sealer.open(sealer.seal('a secret', 'whs_1'), 'whs_2')).toThrow(SealError);
  });

  it('opens what an earlier key sealed, and seals with the first', () => {
    const before = new Sealer([oldKey]);
    expect(sealer.open(before.seal('kept', 'c'), 'c').toString()).toBe('kept');
    expect(() => before.open(sealer.seal('new', 'c'), 'c')).toThrow('not in TENON_SECRET_KEY');
  });

  it('never seals the same way twice, and leaves nothing of the plain text', () => {
    const [one, two] = [sealer.seal('visible?', 'c'), sealer.seal('visible?', 'c')];
    expect(one.equals(two)).toBe(false);
    expect(one.includes('visible')).toBe(false);
  });
});
