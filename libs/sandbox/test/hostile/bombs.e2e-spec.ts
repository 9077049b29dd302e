import { parse } from '@bytecodealliance/jco';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { sandboxBundle } from '../support/bundle.js';
import { echoWat, sourceOf } from '../support/guests.js';
import { requestOf } from '../support/requests.js';
import { compileBombs, largeModules } from './generated.js';
import { wasiParameters, wildPointerWat } from './wild-pointers.js';

describe('uploads that are meant to hurt', () => {
  let pool: SandboxPool;

  beforeAll(async () => {
    pool = createSandboxPool({ processes: 1, sandboxPath: await sandboxBundle(), buildMsMax: 20_000 });
  });
  afterAll(() => pool.close());

  it.each(compileBombs())('%s: refused', async (_name, bytes, code) => {
    const built = await pool.build(bytes);

    expect(built.status).toBe('rejected');
    if (built.status === 'rejected' && code !== '') expect(built.rejection).toMatchObject({ code });
  });

  it.each(largeModules())('%s: built and run', async (_name, bytes, outcome) => {
    const built = await pool.build(bytes);

    if (built.status !== 'ready') throw new Error(JSON.stringify(built));
    // V8 compiles a function when it is first called, and a body of 900 kB takes a busy machine longer than a second.
    const request = requestOf(1, { deadlineMs: 10_000 });
    const result = await pool.execute(sourceOf(built.artifact), request, { tenantId: 'tnt_a' });
    expect(result.outcome).toBe(outcome);
  });

  it('a module cut anywhere is refused', async () => {
    const whole = await parse(echoWat);
    for (let length = 0; length < whole.length; length += 7) {
      expect((await pool.build(whole.subarray(0, length))).status).toBe('rejected');
    }
  });

  it('pointers out of range in every host call end in an error number, never in a failure of ours', async () => {
    const outcomes: Record<string, string> = {};
    for (const [name, parameters] of Object.entries(wasiParameters)) {
      const built = await pool.build(await parse(wildPointerWat(name, parameters)));
      if (built.status !== 'ready') throw new Error(`${name}: ${JSON.stringify(built)}`);
      const result = await pool.execute(sourceOf(built.artifact), requestOf(1), { tenantId: 'tnt_a' });
      outcomes[name] = result.outcome;
    }
    const surprising = Object.entries(outcomes).filter(
      ([, outcome]) => !['invalid_output', 'output_too_large', 'capability_denied', 'exit_code'].includes(outcome),
    );
    expect(surprising).toEqual([]);
    expect(pool.stats().crashes).toBe(0);
  });
});
