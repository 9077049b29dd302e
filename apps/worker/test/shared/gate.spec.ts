import { describe, expect, it } from '@jest/globals';
import { Gate } from '../../src/shared/gate.js';

async function passing(gate: Gate, lane: string, work: () => Promise<void>): Promise<void> {
  await gate.enter(lane);
  await work();
  gate.leave();
}

describe('a gate', () => {
  it('never lets more in than it may, and lets everybody in', async () => {
    const gate = new Gate(3);
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 50 }, () => passing(gate, 'one', work)));
    expect(most).toBe(3);
    expect(inside).toBe(0);
  });

  it('keeps the order of those that wait', async () => {
    const gate = new Gate(1);
    const order: number[] = [];
    const work = (index: number) => async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push(index);
    };
    await Promise.all([0, 1, 2, 3].map((index) => passing(gate, 'one', work(index))));
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('lets lanes take turns: one piece waits for one of each other lane, however much those have', async () => {
    const gate = new Gate(1);
    const order: string[] = [];
    const work = (name: string) => async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push(name);
    };
    const flood = Array.from({ length: 5 }, (_, index) => passing(gate, 'loud', work(`loud ${index}`)));
    const quiet = passing(gate, 'quiet', work('quiet'));
    await Promise.all([...flood, quiet]);
    expect(order).toEqual(['loud 0', 'loud 1', 'quiet', 'loud 2', 'loud 3', 'loud 4']);
  });
});
