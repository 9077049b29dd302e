import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenon/testing';
import { sharedNowMs } from '../src/shared-clock.js';
import { Waker } from '../src/waker.js';
import { WorkQueue } from '../src/work-queue.js';

/** Sleeps on a seat of the queue as a guest thread does, and stays awake once it was woken. */
const sleeper = `
  const { workerData: { shared, word } } = require('node:worker_threads');
  const words = new Int32Array(shared);
  Atomics.store(words, word, word * 2 + 1);
  Atomics.wait(words, word, word * 2 + 1);
`;
/** Where seats begin: 16 words of control, 256 slots of 8 words and their order. */
const firstSeat = 16 + 256 * 8 + 256;

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

describe('Waker', () => {
  const threads: Worker[] = [];
  const wakers: Waker[] = [];

  afterEach(async () => {
    for (const waker of wakers.splice(0)) waker.close();
    for (const thread of threads.splice(0)) await thread.terminate();
  });

  async function asleep(count: number, busyMs = 60_000) {
    const queue = WorkQueue.create(count);
    for (let seat = 0; seat < count; seat += 1) {
      const workerData = { shared: queue.shared, word: firstSeat + seat };
      threads.push(new Worker(sleeper, { eval: true, workerData }));
    }
    await waitFor('all threads to sleep', () => queue.awake === 0);
    const waker = new Waker(queue, busyMs);
    wakers.push(waker);
    let slot = 0;
    const publish = (runs: number): void => {
      for (let run = 0; run < runs; run += 1) {
        queue.publish(slot, { offset: slot * 4096, capacity: 4096 }, { request: Buffer.of(1), artifact: 1, tenant: 1 });
        slot += 1;
        waker.published();
      }
    };
    return { queue, publish };
  }

  it('wakes one thread for a few runs, which is at them at once', async () => {
    const { queue, publish } = await asleep(4);
    publish(3);

    expect(queue.awake).toBe(1);
  });

  it('wakes no more threads than there are processors because much waits', async () => {
    const seats = availableParallelism() + 2;
    const { queue, publish } = await asleep(seats);
    publish(8 * seats + 1);

    expect(queue.awake).toBe(availableParallelism());
  });

  it('wakes another thread for each run that waits behind long ones, until none sleeps', async () => {
    const { queue, publish } = await asleep(3, 2);
    publish(2);

    await waitFor('the other threads', () => queue.awake === 3);
  });

  it('wakes another at once when all that are awake have been at their runs for long', async () => {
    const { queue, publish } = await asleep(3, 40);
    publish(1);
    queue.claim(1);
    queue.start(0, sharedNowMs() - 50, false);
    publish(1);

    expect(queue.awake).toBe(2);
  });

  it('a component whose thread said that work waits without end kept a timer of its supervisor running', async () => {
    const { publish } = await asleep(1);
    publish(1);
    const before = timers();
    publish(8);

    expect(timers()).toBe(before);
  });

  it('leaves the others asleep while those that are awake keep beginning runs', async () => {
    const { queue, publish } = await asleep(3);
    publish(4);
    for (let run = 0; run < 4; run += 1) {
      const slot = queue.claim(1);
      if (slot === undefined) throw new Error('nothing to claim');
      queue.start(slot, sharedNowMs(), false);
    }

    expect(queue.waiting).toBe(0);
    publish(1);
    expect(queue.awake).toBe(1);
  });
});
