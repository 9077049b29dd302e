import { readFile } from 'node:fs/promises';
import { parse } from '@bytecodealliance/jco';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { sandboxBundle } from '../support/bundle.js';
import { type CountedSource, sourceOf } from '../support/guests.js';
import { requestOf } from '../support/requests.js';

const wat = (name: string) => readFile(new URL(`../support/${name}`, import.meta.url), 'utf8');

describe('components', () => {
  let pool: SandboxPool;
  let echo: CountedSource;
  let endless: CountedSource;

  beforeAll(async () => {
    pool = createSandboxPool({ processes: 1, tenantThreadsPerProcess: 2, sandboxPath: await sandboxBundle() });
    const builtFrom = async (name: string): Promise<CountedSource> => {
      const built = await pool.build(await parse(await wat(name)));
      if (built.status !== 'ready') throw new Error(JSON.stringify(built));
      return sourceOf(built.artifact);
    };
    echo = await builtFrom('component-echo.wat');
    endless = await builtFrom('component-endless.wat');
  }, 60_000);
  afterAll(() => pool.close());

  it('of more tenants than have a thread at a time all get their answers', async () => {
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, index) => pool.execute(echo, requestOf(index), { tenantId: `tnt_${index % 6}` })),
    );

    expect(results.map(({ output }) => output)).toEqual(Array.from({ length: 30 }, (_, index) => String(index)));
  });

  it('of a tenant starved while others kept every thread busy', async () => {
    let served = false;
    const attack = async (tenantId: string): Promise<void> => {
      const limits = { instructionsMax: 10_000_000_000, deadlineMs: 40 };
      while (!served) await pool.execute(endless, requestOf(1, limits), { tenantId });
    };
    const attacks = ['tnt_x', 'tnt_x', 'tnt_x', 'tnt_y', 'tnt_y', 'tnt_y'].map(attack);
    await pool.execute(endless, requestOf(1), { tenantId: 'tnt_x' });

    const fine = await pool.execute(echo, requestOf(1), { tenantId: 'tnt_fine' });
    served = true;
    await Promise.all(attacks);

    expect(fine.outcome).toBe('succeeded');
  }, 15_000);

  it('the deadline of a first run was looked at only when preparing it would have been too late', async () => {
    const limits = { instructionsMax: 10_000_000_000, deadlineMs: 1 };

    const late = await pool.execute(endless, requestOf(1, limits), { tenantId: 'tnt_new' });

    expect(late.outcome).toBe('deadline');
    expect(late.limit?.actual).toBeLessThan(2_000);
  });

  it('end at their deadline and at their instruction limit, beside others', async () => {
    const unlimited = { instructionsMax: 10_000_000_000, deadlineMs: 80 };
    const [late, spent, fine] = await Promise.all([
      pool.execute(endless, requestOf(1, unlimited), { tenantId: 'tnt_a' }),
      pool.execute(endless, requestOf(1), { tenantId: 'tnt_b' }),
      pool.execute(echo, requestOf(1), { tenantId: 'tnt_a' }),
    ]);

    expect([late.outcome, spent.outcome, fine.outcome]).toEqual(['deadline', 'instruction_limit', 'succeeded']);
  });
});
