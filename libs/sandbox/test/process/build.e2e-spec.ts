import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createSandboxPool, SandboxClosedError, type SandboxPool } from '@tenon/sandbox';
import { fakeSandbox } from '../support/fake-sandbox.js';

/** A fake that stands where the process that builds would. */
async function fakeBuilder(script: string): Promise<string> {
  const folder = await fakeSandbox(script);
  await rename(path.join(folder, 'run'), path.join(folder, 'build'));
  await mkdir(path.join(folder, 'run'));
  return folder;
}

describe('a process that builds', () => {
  let folder = '';
  let pool: SandboxPool | undefined;

  async function poolOf(
    script: string,
    options: { readonly buildMsMax?: number; readonly closeGraceMs?: number; readonly buildProcesses?: number },
  ) {
    folder = await fakeBuilder(`const onExecute = () => undefined; ${script}`);
    pool = createSandboxPool({ processes: 1, sandboxPath: folder, ...options });
    return pool;
  }

  afterEach(async () => {
    await pool?.close();
    await rm(folder, { recursive: true });
  });

  it('is killed when a build takes too long, and the next build gets a fresh one', async () => {
    const slow = await poolOf('', { buildMsMax: 100 });

    const results = await Promise.all([slow.build(new Uint8Array(8)), slow.build(new Uint8Array(8))]);

    const message = 'The sandbox process that built the upload was killed: the build took longer than 100 ms.';
    expect(results).toEqual([
      { status: 'failed', message },
      { status: 'failed', message },
    ]);
  });

  it('is killed for an answer that is no build', async () => {
    const liar = await poolOf("setTimeout(() => process.stdout.write('ready!'.repeat(20)), 50);", {});

    const result = await liar.build(new Uint8Array(8));

    expect(result).toMatchObject({ status: 'failed' });
    expect(JSON.stringify(result)).toContain('broke the protocol');
  });

  it('that dies fails the build and nothing else', async () => {
    const dying = await poolOf('setTimeout(() => process.exit(4), 50);', {});

    expect(await dying.build(new Uint8Array(8))).toMatchObject({ status: 'failed' });
    expect(await dying.build(new Uint8Array(8))).toMatchObject({ status: 'failed' });
  });

  it('does not keep a pool from closing', async () => {
    const slow = await poolOf('', { closeGraceMs: 50, buildProcesses: 1 });
    const running = slow.build(new Uint8Array(8));
    const waiting = slow.build(new Uint8Array(8));
    // The first build has begun once the event loop has turned.
    await new Promise((resolve) => setImmediate(resolve));

    await Promise.all([slow.close(), expect(waiting).rejects.toThrow(SandboxClosedError)]);

    expect(await running).toMatchObject({ status: 'failed' });
  });

  it('one tenant’s slow uploads held up everybody’s builds', async () => {
    const slow = await poolOf('', { buildMsMax: 300 });
    const ended: string[] = [];
    const build = async (tenantId: string): Promise<void> => {
      await slow.build(new Uint8Array(8), {}, { tenantId });
      ended.push(tenantId);
    };

    await Promise.all(['tnt_slow', 'tnt_slow', 'tnt_slow', 'tnt_fine'].map(build));

    expect(ended.slice(0, 2).sort()).toEqual(['tnt_fine', 'tnt_slow']);
  });

  it('refuses one tenant’s uploads above its share, and nobody else’s', async () => {
    const slow = await poolOf('', { closeGraceMs: 10 });
    const refused: string[] = [];
    const build = (tenantId: string) =>
      slow
        .build(new Uint8Array(8), {}, { tenantId })
        .catch((error: Error) => refused.push(`${tenantId} ${error.name}`));

    const builds = [...Array.from({ length: 22 }, () => build('tnt_many')), build('tnt_fine')];
    await new Promise((resolve) => setImmediate(resolve));

    expect(refused).toEqual(['tnt_many SandboxOverloadedError']);
    await slow.close();
    await Promise.all(builds);
  });
});
