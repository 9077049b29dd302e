import { describe, expect, it } from '@jest/globals';
import { ArtifactStore } from '../../src/pool/artifact-store.js';
import { sourceOf } from '../support/guests.js';

describe('ArtifactStore', () => {
  it('loads once, however many ask at the same time', async () => {
    const store = new ArtifactStore(100);
    const source = sourceOf(new Uint8Array(10));

    await Promise.all([store.get(source), store.get(source)]);
    await store.get(source);

    expect(source.loads).toBe(1);
  });

  it('forgets what was not used for longest when there is no more room', async () => {
    const store = new ArtifactStore(25);
    const [a, b, c] = ['a', 'b', 'c'].map((salt) => sourceOf(new Uint8Array(10), salt));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three sources were made');

    for (const source of [a, b, a, c, a, b]) await store.get(source);

    expect([a.loads, b.loads, c.loads]).toEqual([1, 2, 1]);
  });

  it('tries again after a load that failed', async () => {
    const store = new ArtifactStore(100);
    let tries = 0;
    const source = {
      id: 'ab'.repeat(32),
      load: async () => {
        tries += 1;
        if (tries === 1) throw new Error('storage is away');
        return new Uint8Array(1);
      },
    };

    await expect(store.get(source)).rejects.toThrow('storage is away');
    await expect(store.get(source)).resolves.toHaveLength(1);
  });
});
