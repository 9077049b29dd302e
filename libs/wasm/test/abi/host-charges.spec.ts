import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { guestOf, request } from './support/run-guest.js';
import { command } from './support/wat.js';

/** Asks for the time, and for as many random bytes, as often as its input's length says; each call is charged. */
const asking = `(local $left i32)
  (i32.store (i32.const 0) (i32.const 1024))
  (i32.store (i32.const 4) (i32.const 4096))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (local.set $left (i32.load (i32.const 8)))
  (loop $again
    (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 16)))
    (drop (call $random_get (i32.const 8192) (i32.const 10)))
    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (i32.store (i32.const 1024) (i32.const 0x20202031))
  (call $write (i32.const 1) (i32.const 1024) (i32.const 4))`;

describe('what host calls cost', () => {
  it('decides to the unit whether a run has enough, though it is written down in larger portions', async () => {
    const guest = await guestOf(await command(asking));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (calls) => {
        const input = JSON.stringify('x'.repeat(calls));
        const free = guest.run(request(input));
        const run = (instructionsMax: number) => guest.run(request(input, { limits: { instructionsMax } }));

        expect(free).toMatchObject({ outcome: 'succeeded' });
        expect(free.fuelUsed).toBeGreaterThan(free.instructionsUsed);
        expect(run(free.fuelUsed)).toEqual(free);
        expect(run(free.fuelUsed - 1)).toMatchObject({ outcome: 'instruction_limit', fuelUsed: free.fuelUsed - 1 });
      }),
      { numRuns: 30 },
    );
  });
});
