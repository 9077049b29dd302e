import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionResult } from '@tenon/contracts';
import { createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { sandboxBundle } from '../support/bundle.js';
import { type CountedSource, echoWat, guestFromWat, sourceOf } from '../support/guests.js';
import { requestOf } from '../support/requests.js';
import { type HostileGuest, hostileGuests } from './corpus.js';

describe('the hostile corpus', () => {
  let pool: SandboxPool;
  let guests: readonly HostileGuest[];
  let echo: CountedSource;
  const artifacts = new Map<string, CountedSource>();

  beforeAll(async () => {
    pool = createSandboxPool({ processes: 1, threadsPerProcess: 4, sandboxPath: await sandboxBundle() });
    [guests, echo] = await Promise.all([hostileGuests(), guestFromWat(echoWat)]);
  });
  afterAll(() => pool.close());

  /** @returns undefined when the guest never got as far as running. */
  async function runHostile(guest: HostileGuest): Promise<ExecutionResult | undefined> {
    const artifact = artifacts.get(guest.name);
    if (artifact === undefined) return undefined;
    return pool.execute(artifact, requestOf({ a: 1 }, guest.limits), { tenantId: `tnt_${guest.name}` });
  }

  it('builds what may run and refuses the rest by name', async () => {
    const verdicts: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    for (const { name, wasm, expected } of guests) {
      const built = await pool.build(wasm);
      if (built.status === 'ready') artifacts.set(name, sourceOf(built.artifact));
      verdicts[name] = built.status === 'rejected' ? `rejected: ${built.rejection.code}` : built.status;
      wanted[name] = expected.stage === 'build' ? `rejected: ${expected.code}` : 'ready';
    }
    expect(verdicts).toEqual(wanted);
  });

  it('ends every run with the expected outcome', async () => {
    const unexpected: object[] = [];
    for (const guest of guests) {
      const result = await runHostile(guest);
      if (result === undefined || guest.expected.stage === 'build') continue;
      const asExpected = guest.expected.outcomes.includes(result.outcome);
      const rightOutput = result.outcome !== 'succeeded' || result.output === guest.output;
      if (!asExpected || !rightOutput) unexpected.push({ name: guest.name, wanted: guest.expected.outcomes, result });
    }
    expect(unexpected).toEqual([]);
  });

  it('costs no good execution its answer: 10,000 of them, interleaved with it', async () => {
    const wrong: unknown[] = [];
    let next = 0;
    const goodLane = async (): Promise<void> => {
      while (next < 10_000) {
        const input = next;
        next += 1;
        const result = await pool.execute(echo, requestOf(input), { tenantId: 'tnt_good' });
        if (result.output !== String(input)) wrong.push(result);
      }
    };
    const hostileLane = async (): Promise<void> => {
      for (const guest of guests) await runHostile(guest);
    };
    await Promise.all([...Array.from({ length: 16 }, goodLane), hostileLane()]);

    expect(wrong).toEqual([]);
    expect(pool.stats().crashes).toBe(0);
  }, 120_000);
});
