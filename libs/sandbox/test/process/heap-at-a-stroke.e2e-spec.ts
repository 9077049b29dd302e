import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { sandboxBundle } from '../support/bundle.js';
import { type CountedSource, echoWat, guestFromWat } from '../support/guests.js';
import { requestOf } from '../support/requests.js';

/** Keeps arrays of 80 MB each: the engine has no time to see its heap fill, and ends the process. */
const heapWat = `(module
  (type $numbers (array (mut i64)))
  (type $list (struct (field (ref null $list)) (field (ref $numbers))))
  (memory (export "memory") 1)
  (global $kept (mut (ref null $list)) (ref.null $list))
  (func (export "_start")
    (loop $again
      (global.set $kept (struct.new $list (global.get $kept) (array.new $numbers (i64.const 7) (i32.const 10000000))))
      (br $again))))`;

/** So far away that no run meets it on a machine that is busy with other tests. */
const deadlineMs = 60_000;

describe('a heap that is filled at a stroke', () => {
  let pool: SandboxPool;
  let echo: CountedSource;
  let heap: CountedSource;

  beforeAll(async () => {
    pool = createSandboxPool({ processes: 1, sandboxPath: await sandboxBundle() });
    [echo, heap] = await Promise.all([guestFromWat(echoWat), guestFromWat(heapWat)]);
  });
  afterAll(() => pool.close());

  it('is blamed on who filled it, and costs no neighbour its answer', async () => {
    const bomb = pool.execute(heap, requestOf(1, { instructionsMax: 100_000_000_000, deadlineMs }), {
      tenantId: 'tnt_hostile',
    });
    const inputs = Array.from({ length: 2_000 }, (_, index) => index);
    const results = await Promise.all(
      inputs.map((input) => pool.execute(echo, requestOf(input, { deadlineMs }), { tenantId: 'tnt_good' })),
    );

    expect(results.map(({ output }) => output)).toEqual(inputs.map(String));
    expect((await bomb).outcome).toBe('memory_limit');
  });
});
