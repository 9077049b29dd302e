import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { waitFor } from '@tenon/testing';
import { sandboxBundle } from '../support/bundle.js';
import { type CountedSource, echoWat, endlessWat, guestFromWat } from '../support/guests.js';
import { requestOf } from '../support/requests.js';

/** More than a guest can use within its deadline, so that the deadline comes first. */
const unlimited = { instructionsMax: 10_000_000_000 };

describe('where runs of one artifact go', () => {
  let pool: SandboxPool;
  let echo: CountedSource;
  let endless: CountedSource;

  beforeAll(async () => {
    pool = createSandboxPool({ processes: 2, threadsPerProcess: 1, sandboxPath: await sandboxBundle() });
    [echo, endless] = await Promise.all([guestFromWat(echoWat), guestFromWat(endlessWat)]);
    await waitFor('both processes', () => pool.stats().processes.length === 2);
  });
  afterAll(() => pool.close());

  const run = (guest: CountedSource, limits = {}, tenantId = 'tnt_a') =>
    pool.execute(guest, requestOf(1, limits), { tenantId });
  const executions = () => pool.stats().processes.map((one) => one.executions);

  it('one at a time, all go to the same process', async () => {
    const before = executions();

    for (let count = 0; count < 50; count += 1) await run(echo);

    const gained = executions().map((now, index) => now - (before[index] ?? 0));
    expect(gained.toSorted((a, b) => a - b)).toEqual([0, 50]);
  });

  it('what would wait behind slow runs goes to the other process', async () => {
    const before = executions();

    // The first teach the pool how long such a run takes, so that the others are shared out.
    for (const count of [2, 4]) {
      const burst = Array.from({ length: count }, () => run(endless, { ...unlimited, deadlineMs: 100 }));
      const results = await Promise.all(burst);
      expect(results.map(({ outcome }) => outcome)).toEqual(Array(count).fill('deadline'));
    }

    const gained = executions().map((now, index) => now - (before[index] ?? 0));
    expect(Math.min(...gained)).toBeGreaterThanOrEqual(2);
  });

  it('a run that hangs in a burst costs its neighbours nothing, and each is answered once', async () => {
    const burst = Array.from({ length: 60 }, async (_, index) => {
      const isHanging = index === 20;
      const guest = isHanging ? endless : echo;
      return (
        await run(guest, { ...(isHanging ? unlimited : {}), deadlineMs: isHanging ? 100 : 5_000 }, `tnt_${index % 3}`)
      ).outcome;
    });

    const outcomes = await Promise.all(burst);

    expect(outcomes.filter((outcome) => outcome === 'succeeded')).toHaveLength(59);
    expect(outcomes[20]).toBe('deadline');
    expect(pool.stats()).toMatchObject({ inFlight: 0, queued: 0, crashes: 0 });
  });
});
