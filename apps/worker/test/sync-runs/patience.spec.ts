import { describe, expect, it } from '@jest/globals';
import { Patience } from '../../src/sync-runs/patience.js';

const never = () => new Promise<string>(() => undefined);

describe('patience', () => {
  it('gives what the work gives where that is there in time', async () => {
    const patience = new Patience();
    expect(await patience.within(Promise.resolve('done'), 60_000, () => 'late')).toBe('done');
  });

  it('throws what the work throws', async () => {
    const patience = new Patience();
    const failing = patience.within(Promise.reject(new Error('broken')), 60_000, () => 'late');
    await expect(failing).rejects.toThrow('broken');
  });

  it('gives each its own end, whatever the others have', async () => {
    const patience = new Patience();
    const startMs = performance.now();
    const endings: string[] = [];
    const wait = async (leftMs: number) => {
      endings.push(await patience.within(never(), leftMs, () => `after ${leftMs}`));
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(leftMs);
    };
    await Promise.all([wait(60), wait(1), wait(30)]);
    expect(endings).toEqual(['after 1', 'after 30', 'after 60']);
  });

  it('ends hundreds in any order, some by their work and some by their time', async () => {
    const patience = new Patience();
    const all = Array.from({ length: 300 }, (_, place) => ({ place, ...Promise.withResolvers<string>() }));
    const waiting = all.map(({ place, promise }) =>
      patience.within(promise, place % 3 === 0 ? 20 : 60_000, () => `late ${place}`),
    );
    const byWork = all
      .filter(({ place }) => place % 3 > 0)
      .toSorted((a, b) => ((a.place * 7) % 300) - ((b.place * 7) % 300));
    for (const { place, resolve } of byWork) resolve(`done ${place}`);
    expect(await Promise.all(waiting)).toEqual(all.map(({ place }) => `${place % 3 === 0 ? 'late' : 'done'} ${place}`));
  });

  it('waits for whoever comes after it had nothing to wait for', async () => {
    const patience = new Patience();
    expect(await patience.within(never(), 1, () => 'first')).toBe('first');
    expect(await patience.within(never(), 1, () => 'second')).toBe('second');
  });

  it('does not mind work that fails after it was given up', async () => {
    const patience = new Patience();
    const { promise, reject } = Promise.withResolvers<string>();
    expect(await patience.within(promise, 1, () => 'late')).toBe('late');
    reject(new Error('too late to matter'));
    expect(await patience.within(Promise.resolve('next'), 1, () => 'late')).toBe('next');
  });
});
