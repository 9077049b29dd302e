import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Batcher, BatcherFullError } from '../src/events/batcher.js';

describe('the batcher', () => {
  test('every caller gets the results of its own items, lanes never mix, and no write is larger than allowed', async () => {
    const calls = fc.array(
      fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.array(fc.nat(), { minLength: 1, maxLength: 8 })),
      {
        maxLength: 40,
      },
    );
    await fc.assert(
      fc.asyncProperty(calls, async (all) => {
        const writes: number[] = [];
        const batcher = new Batcher<number, string>(
          async (lane, items) => {
            writes.push(items.length);
            return items.map((item) => `${lane}${item}`);
          },
          { itemsMax: 10, waitingItemsMax: 1_000 },
        );
        const results = await Promise.all(all.map(([lane, items]) => batcher.add(lane, items)));
        expect(results).toEqual(all.map(([lane, items]) => items.map((item) => `${lane}${item}`)));
        expect(Math.max(0, ...writes)).toBeLessThanOrEqual(10);
      }),
    );
  });

  test('what arrives during a write shares the next one', async () => {
    const writes: (readonly number[])[] = [];
    const later: Promise<unknown>[] = [];
    const batcher: Batcher<number, number> = new Batcher(
      async (_lane, items) => {
        writes.push(items);
        if (writes.length === 1) later.push(batcher.add('t', [2]), batcher.add('t', [3]));
        return items;
      },
      { itemsMax: 10, waitingItemsMax: 10 },
    );
    await batcher.add('t', [1]);
    await Promise.all(later);
    expect(writes).toEqual([[1], [2, 3]]);
  });

  test('who was answered in a crowd and comes again at once shares the next write with those who waited meanwhile', async () => {
    const writes: number[] = [];
    const waiting: Promise<unknown>[] = [];
    const batcher: Batcher<number, number> = new Batcher(
      async (_lane, items) => {
        writes.push(items.length);
        if (writes.length === 1) waiting.push(batcher.add('t', [0]));
        return items;
      },
      { itemsMax: 100, waitingItemsMax: 100 },
    );
    const comeTwice = async (item: number) => {
      await batcher.add('t', [item]);
      // The answer goes out, and the next request comes in.
      await new Promise(setImmediate);
      await batcher.add('t', [item]);
    };
    await Promise.all(Array.from({ length: 8 }, (_, item) => comeTwice(item)));
    await Promise.all(waiting);
    expect(writes).toEqual([8, 9]);
  });

  test.each([
    ['rests after a large write while other lanes write as well', true, ['written', 'somebody else', 'begun']],
    ['goes on at once where it is alone', false, ['written', 'begun', 'somebody else']],
  ])('a lane %s', async (_name, hasOthers, expected) => {
    const order: string[] = [];
    let writes = 0;
    const batcher = new Batcher<number, number>(
      async (lane, items) => {
        if (lane === 'flood') writes += 1;
        if (writes === 2) order.push('begun');
        await new Promise(setImmediate);
        if (writes === 1) {
          order.push('written');
          setImmediate(() => order.push('somebody else'));
        }
        return items;
      },
      { itemsMax: 100, waitingItemsMax: 1_000 },
    );
    if (hasOthers) await batcher.add('quiet', [0]);
    const flood = Array.from({ length: 100 }, (_, item) => item);
    await Promise.all([batcher.add('flood', flood), batcher.add('flood', flood)]);
    expect(order).toEqual(expected);
  });

  test('a failed write fails its callers and nobody else', async () => {
    const batcher = new Batcher<number, number>(
      async (lane, items) => {
        if (lane === 'bad') throw new Error('no disk');
        return items;
      },
      { itemsMax: 10, waitingItemsMax: 10 },
    );
    const bad = batcher.add('bad', [1]);
    await expect(batcher.add('good', [1])).resolves.toEqual([1]);
    await expect(bad).rejects.toThrow('no disk');
    await expect(batcher.add('good', [2])).resolves.toEqual([2]);
  });

  test('beyond its bound it refuses at once, and serves again when there is room', async () => {
    const batcher = new Batcher<number, number>(async (_lane, items) => items, { itemsMax: 2, waitingItemsMax: 2 });
    const first = batcher.add('t', [1, 2]);
    await expect(batcher.add('u', [3])).rejects.toBeInstanceOf(BatcherFullError);
    await first;
    await expect(batcher.add('u', [3])).resolves.toEqual([3]);
  });
});
