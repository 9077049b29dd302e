import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { silentLogger } from '../../src/pool/pool-options.js';
import { sandboxBundle } from '../support/bundle.js';
import { type CountedSource, echoWat, endlessWat, guestFromWat } from '../support/guests.js';
import { requestOf } from '../support/requests.js';

describe('a sandbox process that dies', () => {
  let sandboxPath: string;
  let pool: SandboxPool;
  let echo: CountedSource;

  beforeAll(async () => {
    sandboxPath = await sandboxBundle();
    pool = createSandboxPool({ processes: 1, sandboxPath });
    echo = await guestFromWat(echoWat);
    await pool.execute(echo, requestOf(0), { tenantId: 'tnt_a' });
  });
  afterAll(() => pool.close());

  it('loses no answer: what was in flight runs again, and the pool goes on', async () => {
    const endless = await guestFromWat(endlessWat);
    const holding = pool.execute(endless, requestOf(1, { instructionsMax: 10_000_000_000, deadlineMs: 400 }), {
      tenantId: 'tnt_a',
    });
    const runs = Array.from({ length: 100 }, (_, index) => pool.execute(echo, requestOf(index), { tenantId: 'tnt_a' }));

    process.kill(pool.stats().processes[0]?.pid ?? 0, 'SIGKILL');

    const results = await Promise.all(runs);
    expect(results.map(({ output }) => output)).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
    expect((await holding).outcome).toBe('deadline');
    expect((await pool.execute(echo, requestOf('after'), { tenantId: 'tnt_a' })).output).toBe('"after"');
    expect(pool.stats().crashes).toBe(1);
  });

  const asRoot = process.getuid?.() === 0 && process.platform === 'linux' ? it : it.skip;

  asRoot('does not run as root, also when nobody named another user', () => {
    const pid = pool.stats().processes[0]?.pid;
    const owner = execFileSync('stat', ['-c', '%u:%g', `/proc/${pid}`], { encoding: 'utf8' }).trim();

    expect(owner).toBe('64117:64117');
  });

  asRoot('says so when only root can read its scripts', async () => {
    const closed = await mkdtemp(path.join(tmpdir(), 'tenon-closed-'));
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, message: string) => warnings.push(message) };
    const closedPool = createSandboxPool({ processes: 1, sandboxPath: closed, logger });
    try {
      expect(warnings[0]).toContain('sandbox processes run as root');
    } finally {
      await Promise.all([closedPool.close(), rm(closed, { recursive: true })]);
    }
  });

  asRoot('runs as a user of its own, who may signal nobody', async () => {
    const nobody = 65_534;
    const foreign = createSandboxPool({ processes: 1, sandboxPath, uid: nobody, gid: nobody });
    try {
      expect((await foreign.execute(echo, requestOf(1), { tenantId: 'tnt_a' })).output).toBe('1');
      const pid = foreign.stats().processes[0]?.pid;
      expect(execFileSync('stat', ['-c', '%u', `/proc/${pid}`], { encoding: 'utf8' }).trim()).toBe(String(nobody));
    } finally {
      await foreign.close();
    }
  });
});
