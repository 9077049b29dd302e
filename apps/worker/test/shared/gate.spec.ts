import { describe, expect, it } from '@jest/globals';
import { Gate } from '../../src/shared/gate.js';

async function passing(gate: Gate, lane: string, work: () => Promise<void>): Promise<void> {
  await gate.enter(lane);
  await work();
  gate.leave(lane, 0);
}

describe('a gate', () => {
  it('never lets more in than it may, and lets everybody in', async () => {
    const gate = new Gate({ max: 3 });
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
    const gate = new Gate({ max: 1 });
    const order: number[] = [];
    const work = (index: number) => async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push(index);
    };
    await Promise.all([0, 1, 2, 3].map((index) => passing(gate, 'one', work(index))));
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('lets lanes take turns: one piece waits for one of each other lane, however much those have', async () => {
    const gate = new Gate({ max: 1 });
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

  it('lets little slow work in at once: a tenant that came had to wait for all of it', async () => {
    const gate = new Gate({ max: 16, workMsMax: 40, atLeast: 2 });
    const entered: string[] = [];
    const enter = (lane: string) => {
      const turn = gate.enter(lane);
      if (turn === undefined) entered.push(lane);
      else void turn.then(() => entered.push(lane));
    };
    const settled = () => new Promise((resolve) => setImmediate(resolve));
    for (let time = 0; time < 30; time += 1) {
      expect(gate.enter('slow')).toBeUndefined();
      gate.leave('slow', 100);
    }
    for (let time = 0; time < 16; time += 1) enter('slow');
    enter('quick');
    expect(entered).toEqual(['slow', 'slow']);
    for (let time = 0; time < 2; time += 1) gate.leave('slow', 100);
    await settled();
    expect(entered).toEqual(['slow', 'slow', 'slow', 'quick']);
    for (let time = 0; time < 14; time += 1) gate.leave(entered[time + 2] ?? 'slow', 0);
    await settled();
    expect(entered.filter((lane) => lane === 'slow')).toHaveLength(16);
  });

  it('lets as much quick work in as it may, once it has learned that it is quick', () => {
    const gate = new Gate({ max: 16, workMsMax: 4, atLeast: 1 });
    for (let time = 0; time < 50; time += 1) {
      expect(gate.enter('quick')).toBeUndefined();
      gate.leave('quick', 0.1);
    }
    const turns = Array.from({ length: 17 }, () => gate.enter('quick'));
    expect(turns.map((turn) => turn === undefined)).toEqual([...Array.from({ length: 16 }, () => true), false]);
  });

  it('remembers only so many lanes, and never loses count of those inside', () => {
    const gate = new Gate({ max: 2, workMsMax: 1_000 });
    expect(gate.enter('first')).toBeUndefined();
    for (let lane = 0; lane < 3_000; lane += 1) {
      expect(gate.enter(`lane ${lane}`)).toBeUndefined();
      gate.leave(`lane ${lane}`, 1);
    }
    gate.leave('first', 5);
    expect([gate.enter('a'), gate.enter('b')]).toEqual([undefined, undefined]);
    expect(gate.enter('c')).toBeInstanceOf(Promise);
  });
});
