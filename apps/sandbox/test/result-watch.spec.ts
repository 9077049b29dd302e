import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenon/testing';
import { ResultWatch } from '../src/result-watch.js';
import { WorkQueue } from '../src/work-queue.js';

/** Words of control: how often was rung, and which ring is heard. */
const [bell, hearing] = [2, 4];

describe('ResultWatch', () => {
  const watches: ResultWatch[] = [];

  afterEach(() => {
    for (const watch of watches.splice(0)) watch.close();
  });

  function watched(isMoreComing: () => boolean) {
    const queue = WorkQueue.create(1);
    const looks = { count: 0 };
    const watch = new ResultWatch(queue, () => {
      looks.count += 1;
      return isMoreComing();
    });
    watches.push(watch);
    return { queue, looks, watch };
  }

  it('looks at every ring while nothing more is on its way', async () => {
    const { queue, looks } = watched(() => false);
    for (let ring = 0; ring < 5; ring += 1) {
      const before = looks.count;
      queue.ring();
      await waitFor('a look', () => looks.count > before);
    }

    expect(looks.count).toBe(6);
  });

  it('lets results gather while more are on their way, and looks when the last is there', async () => {
    let left = 2;
    const { queue, looks } = watched(() => left > 0);
    for (let ring = 0; ring < 100; ring += 1) queue.ring();

    expect(looks.count).toBe(1);
    left = 0;
    queue.ringLast();
    await waitFor('the last look', () => looks.count > 1);
  });

  it('looks without any ring when the next result takes long', async () => {
    let looksLeft = 3;
    const { looks } = watched(() => {
      looksLeft -= 1;
      return looksLeft > 0;
    });

    await waitFor('looks by time', () => looks.count === 3);
  });

  it('hears a result that came between a look and the wait for the next ring', async () => {
    let during = 0;
    let ring = (): void => undefined;
    const { queue, looks } = watched(() => {
      if (during > 0) {
        during -= 1;
        ring();
      }
      return false;
    });
    ring = () => queue.ring();
    during = 1;
    queue.ring();

    await waitFor('the look after the one that missed it', () => looks.count >= 3);
  });

  it('a thread that wrote that no ring is heard left its watch waiting for good', () => {
    const { queue, watch } = watched(() => false);
    const words = new Int32Array(queue.shared);
    Atomics.store(words, hearing, 0);
    watch.close();

    expect(Atomics.notify(words, bell)).toBe(0);
  });

  it('looks no more once it is closed', async () => {
    const { queue, looks, watch } = watched(() => true);
    watch.close();
    const before = looks.count;
    queue.ring();
    queue.ringLast();
    await new Promise((resolve) => setImmediate(resolve));

    expect(looks.count).toBe(before);
  });
});
