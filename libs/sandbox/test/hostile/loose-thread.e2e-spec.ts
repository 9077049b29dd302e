import { readFile, rm } from 'node:fs/promises';
import { parse } from '@bytecodealliance/jco';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSandboxPool, type SandboxPool } from '@tenon/sandbox';
import { sandboxBundle } from '../support/bundle.js';
import { type CountedSource, echoWat, guestFromWat, sourceOf } from '../support/guests.js';
import { glueThatRuns, looseSandbox, withGlue } from '../support/loose-thread.js';
import { requestOf } from '../support/requests.js';

/** Where a slot's words lie in the shared memory; see `work-queue.ts`. */
const slots =
  'const words = new Int32Array(queue, 0, 16 + 256 * 8); const at = (slot, field) => 16 + slot * 8 + field; let mine = 0; while (words[at(mine, 0)] < 16) mine += 1;';
const ring = 'Atomics.add(words, 2, 1); Atomics.notify(words, 2);';
const forEver = 'for (;;) Atomics.load(words, 0);';

const untrue: Readonly<Record<string, string>> = {
  'the artifacts of other tenants': "port.postMessage({ kind: 'want', artifact: 1 }); for (;;);",
  'its own artifact a second time': "port.postMessage({ kind: 'want', artifact: 2 }); for (;;);",
  'a result without bytes': "port.postMessage({ kind: 'result', slot: 0 }); for (;;);",
  'a result for a slot that it does not hold':
    "port.postMessage({ kind: 'result', slot: 9, bytes: new Uint8Array(90) }); for (;;);",
  'a result that is none': "port.postMessage({ kind: 'result', slot: 0, bytes: new Uint8Array(90) }); for (;;);",
  'nothing at all': 'port.postMessage(null); for (;;);',
  'lengths and places that can not be': `${slots} for (let s = 0; s < 256; s++) { words[at(s, 1)] = -1; words[at(s, 3)] = 0x7fffffff; }
    for (let s = 0; s < 256; s++) Atomics.store(words, at(s, 0), 2); ${ring} ${forEver}`,
  'an empty result in its slot': `${slots} words[at(mine, 3)] = 0; Atomics.store(words, at(mine, 0), 2); ${ring} ${forEver}`,
  'that it has only just begun, for ever': `${slots} for (;;) { Atomics.store(words, at(mine, 5), -1); }`,
  'that somebody else has its run': `${slots} Atomics.store(words, at(mine, 0), 16 + 999); ${forEver}`,
};

describe('a thread whose guest broke out of its realm and says', () => {
  let folder: string;
  let pool: SandboxPool;
  let echo: CountedSource;
  let component: Uint8Array;

  beforeAll(async () => {
    folder = await looseSandbox(await sandboxBundle());
    pool = createSandboxPool({ processes: 1, prepareMsMax: 500, sandboxPath: folder });
    echo = await guestFromWat(echoWat);
    const wat = await readFile(new URL('../support/component-echo.wat', import.meta.url), 'utf8');
    const built = await pool.build(await parse(wat));
    if (built.status !== 'ready') throw new Error(JSON.stringify(built));
    component = built.artifact;
    await pool.execute(echo, requestOf(1), { tenantId: 'tnt_fine' });
  }, 60_000);
  afterAll(async () => {
    await pool.close();
    await rm(folder, { recursive: true });
  });

  it.each(Object.entries(untrue))(
    '%s is ended with its run, and with nobody else',
    async (_name, script) => {
      const evil = sourceOf(withGlue(component, glueThatRuns(script)));

      const [answer, own, fine] = await Promise.all([
        pool.execute(evil, requestOf(1, { deadlineMs: 500 }), { tenantId: 'tnt_evil' }),
        pool.execute(sourceOf(component), requestOf(2), { tenantId: 'tnt_evil' }),
        pool.execute(echo, requestOf(3), { tenantId: 'tnt_fine' }),
      ]);

      expect(`${answer.outcome}: ${answer.message}`).toContain(
        'internal: The thread of the guest broke the rules between it and its supervisor',
      );
      expect([own.output, fine.output]).toEqual(['2', '3']);
      expect(pool.stats().crashes).toBe(0);
    },
    40_000,
  );

  it('nothing, but takes memory that no limit of a thread sees, is told from its neighbours', async () => {
    const small = createSandboxPool({ processes: 1, rssBytesMax: 500_000_000, sandboxPath: folder });
    try {
      const hoard = 'const kept = []; for (;;) kept.push(new Uint8Array(8_000_000).fill(1));';
      const evil = sourceOf(withGlue(component, glueThatRuns(hoard)));

      const [answer, fine] = await Promise.all([
        small.execute(evil, requestOf(1, { deadlineMs: 5_000 }), { tenantId: 'tnt_evil' }),
        small.execute(echo, requestOf(3), { tenantId: 'tnt_fine' }),
      ]);

      expect([answer.outcome, fine.output]).toEqual(['memory_limit', '3']);
    } finally {
      await small.close();
    }
  }, 20_000);
});
