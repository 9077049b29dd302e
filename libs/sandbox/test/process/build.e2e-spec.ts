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

  async function poolOf(script: string, options: { readonly buildMsMax?: number; readonly closeGraceMs?: number }) {
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
    const slow = await poolOf('', { closeGraceMs: 50 });
    const running = slow.build(new Uint8Array(8));
    const waiting = slow.build(new Uint8Array(8));
    // The first build has begun once the event loop has turned.
    await new Promise((resolve) => setImmediate(resolve));

    await Promise.all([slow.close(), expect(waiting).rejects.toThrow(SandboxClosedError)]);

    expect(await running).toMatchObject({ status: 'failed' });
  });
});
