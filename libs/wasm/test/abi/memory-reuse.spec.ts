import { describe, expect, it } from '@jest/globals';
import { compileArtifact, MemoryShelf, openArtifact, prepareGuest } from '@tenon/wasm';
import fc from 'fast-check';
import { ready, request } from './support/run-guest.js';
import { nothingFound, spy, spyModes } from './support/spy.js';
import { command, wat } from './support/wat.js';

async function compiledOf(bytes: Uint8Array) {
  const { artifact } = await ready(bytes);
  return compileArtifact(openArtifact(artifact));
}

const limits = { instructionsMax: 5_000_000 };

describe('memory that is used again', () => {
  it('holds nothing of an earlier run, however that ended', async () => {
    const shelf = new MemoryShelf();
    const guest = prepareGuest(await compiledOf(await spy(3)), shelf);
    const modes = fc.array(fc.constantFrom(...Object.values(spyModes)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(modes, fc.boolean(), (sequence, early) => {
        for (const mode of sequence) guest.run(request(JSON.stringify(mode), { limits }));
        if (early) shelf.clear();
        expect(guest.run(request('"n"', { limits }))).toMatchObject({ outcome: 'succeeded', output: nothingFound });
      }),
      { numRuns: 40 },
    );
  });

  it('is used again indeed, and after growth is not', async () => {
    const shelf = new MemoryShelf();
    const guest = prepareGuest(await compiledOf(await spy(1)), shelf);

    guest.run(request('"t"', { limits }));
    expect(shelf.count).toBe(1);
    guest.run(request('"g"', { limits }));
    expect(shelf.count).toBe(0);
  });

  it('belongs to one tenant, also when two tenants uploaded the same module', async () => {
    const shelf = new MemoryShelf();
    const guest = prepareGuest(await compiledOf(await spy(1)), shelf);

    guest.run(request('"n"', { limits }), 'a');
    guest.run(request('"n"', { limits }), 'b');

    expect(shelf.count).toBe(2);
  });

  it('is counted and bounded like a memory of its own', async () => {
    const growing = await command('(loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0))))', {
      memory: '2 5',
    });
    const guest = prepareGuest(await compiledOf(growing));

    const results = [1, 2].map(() => guest.run(request('1', { limits })));

    expect(results.map(({ memoryBytesPeak }) => memoryBytesPeak)).toEqual([5 * 65_536, 5 * 65_536]);
    expect(results[0]).toEqual(results[1]);
  });

  it('is clear again after a data segment that does not fit ended the instance before it began', async () => {
    const half = await command('(nop)', {
      extra: '(data (i32.const 1024) "left behind") (data (i32.const 65530) "too long for this place")',
    });
    const guest = prepareGuest(await compiledOf(half));

    expect(guest.run(request('1', { limits }))).toMatchObject({ outcome: 'trap' });
    expect(guest.run(request('1', { limits }))).toMatchObject({ outcome: 'trap', memoryBytesPeak: 65_536 });
  });

  it('is left to the module where there are several or none', async () => {
    const [two, none] = await Promise.all(
      ['(memory (export "memory") 1) (memory 1)', '(memory (export "memory") 0)'].map((memories) =>
        wat(`(module ${memories} (func (export "_start")))`),
      ),
    );
    const kinds = await Promise.all([two, none].map(async (bytes) => (await compiledOf(bytes as Uint8Array)).modules));

    expect(kinds.map(([core]) => core?.memory)).toEqual([undefined, { pagesMin: 0 }]);
  });
});
