import { describe, expect, it } from '@jest/globals';
import { newId } from '@tenon/contracts';
import type { DispatchedBatch, FairQueue } from '@tenon/queue';
import { waitFor } from '@tenon/testing';
import { Dispatcher } from '../../src/relay/dispatcher.js';
import { defaultRelaySettings } from '../../src/relay/relay-settings.js';
import { WakeableLoop } from '../../src/shared/wakeable-loop.js';

const settings = { ...defaultRelaySettings, jobsConcurrencyMax: 8, gatherMs: 60_000 };

type DispatchRoom = Parameters<FairQueue['dispatch']>[0];

/** A line of jobs with so many events each, and what was asked of it. */
function line(sizes: readonly number[]) {
  const left = [...sizes];
  const asked: DispatchRoom[] = [];
  let counted = 0;
  const batch = (size: number): DispatchedBatch => ({
    jobId: `job-${sizes.length - left.length}`,
    tenantId: newId('tenant'),
    eventIds: Array.from({ length: size }, () => newId('event')),
  });
  return {
    asked,
    counted: () => counted,
    fair: {
      dispatch: async (room: DispatchRoom) => {
        asked.push(room);
        const size = left.shift();
        return size === undefined ? [] : [batch(size)];
      },
    },
    producer: {
      enqueueBatches: async () => undefined,
      executionsWaiting: async () => {
        counted += 1;
        return 0;
      },
    },
  };
}

describe('the dispatcher, as to when it looks', () => {
  it('looks at once for as long as it finds nothing', async () => {
    const { asked, fair, producer } = line([]);
    const dispatcher = new Dispatcher(fair, producer, settings, () => ({ jobs: 0, events: 0 }));
    for (let look = 1; look <= 4; look += 1) expect(await dispatcher.step()).toBe('idle');
    expect(asked).toHaveLength(4);
  });

  it('lets events gather after a look that took all there was, also where those are done already', async () => {
    const { asked, fair, producer } = line([2, 2]);
    const dispatcher = new Dispatcher(fair, producer, settings, () => ({ jobs: 0, events: 0 }));
    expect(await dispatcher.step()).toBe('idle');
    expect(await dispatcher.step()).toBeGreaterThan(0);
    dispatcher.begun('job-1');
    expect(await dispatcher.step()).toBeGreaterThan(0);
    expect(asked).toHaveLength(1);
  });

  it('looks at once while it has little to do and more may be in line than it had places for', async () => {
    const { asked, fair, producer } = line([2, 2, 2]);
    const onePlace = { ...settings, jobsConcurrencyMax: 1, jobsWaitingMax: 0 };
    const dispatcher = new Dispatcher(fair, producer, onePlace, () => ({ jobs: 0, events: 0 }));
    for (let look = 0; look < 3; look += 1) expect(await dispatcher.step()).toBe('idle');
    expect(asked).toHaveLength(3);
  });

  it('lets events gather for a moment while it has enough to do', async () => {
    const { asked, fair, producer } = line([60, 60]);
    const dispatcher = new Dispatcher(fair, producer, settings, () => ({ jobs: 0, events: 0 }));
    expect(await dispatcher.step()).toBe('idle');
    expect(await dispatcher.step()).toBeGreaterThan(0);
    expect(asked).toHaveLength(1);
  });

  it('looks at once again when what it had to do is done and more may be in line', async () => {
    const { asked, fair, producer } = line([60, 60]);
    const dispatcher = new Dispatcher(fair, producer, { ...settings, eventsAtOnceMax: 60 }, () => ({
      jobs: 0,
      events: 0,
    }));
    await dispatcher.step();
    dispatcher.begun('job-1');
    expect(await dispatcher.step()).toBe('idle');
    expect(asked).toHaveLength(2);
  });

  it('looks again by itself when the moment is over', async () => {
    const { asked, fair, producer } = line([60, 60, 60]);
    const quick = { ...settings, gatherMs: 5 };
    const dispatcher = new Dispatcher(fair, producer, quick, () => ({ jobs: 0, events: 0 }));
    const loop = new WakeableLoop(() => dispatcher.step(), {
      pollMs: 60_000,
      errorPauseMs: 1,
      onError: () => undefined,
    });
    loop.start();
    await waitFor('the first look', () => asked.length === 1);
    loop.wake();
    await waitFor('the look after the moment', () => asked.length === 2);
    await loop.stop();
  });

  it('looks sooner while it is busy for others and somebody comes who has nothing in hand', async () => {
    const { asked, fair, producer } = line([60, 60]);
    const prompt = { ...settings, newcomerGatherMs: 0 };
    const dispatcher = new Dispatcher(fair, producer, prompt, () => ({ jobs: 0, events: 0 }));
    await dispatcher.step();
    expect(await dispatcher.step()).toBeGreaterThan(0);
    dispatcher.newcomer();
    expect(await dispatcher.step()).toBe('idle');
    expect(asked).toHaveLength(2);
    // Once, not from then on.
    expect(await dispatcher.step()).toBeGreaterThan(0);
  });

  it('takes fewer events into its hands for a while after somebody came beside those it is busy for', async () => {
    const { asked, fair, producer } = line([60, 60, 60]);
    const narrow = { ...settings, newcomerGatherMs: 0, eventsBesideOthersMax: 150, gatherMs: 0 };
    const dispatcher = new Dispatcher(fair, producer, narrow, () => ({ jobs: 0, events: 0 }));
    await dispatcher.step();
    dispatcher.newcomer();
    await dispatcher.step();
    expect(asked.map(({ eventsRoom }) => eventsRoom)).toEqual([400, 90]);
    const over = new Dispatcher(fair, producer, { ...narrow, othersMs: 0 }, () => ({ jobs: 1, events: 60 }));
    over.newcomer();
    await over.step();
    expect(asked.at(-1)?.eventsRoom).toBe(340);
  });

  it('knows nobody as others while it has little to do', async () => {
    const { asked, fair, producer } = line([2]);
    const dispatcher = new Dispatcher(fair, producer, settings, () => ({ jobs: 0, events: 0 }));
    dispatcher.newcomer();
    await dispatcher.step();
    expect(asked.map(({ eventsRoom }) => eventsRoom)).toEqual([400]);
  });

  it('asks how many jobs wait only when those it handed over leave no room', async () => {
    const { asked, counted, fair, producer } = line([100, 90, 100]);
    const eager = { ...settings, gatherMs: 0, eventsAtOnceMax: 200 };
    const dispatcher = new Dispatcher(fair, producer, eager, () => ({ jobs: 0, events: 0 }));
    await dispatcher.step();
    await dispatcher.step();
    expect(counted()).toBe(0);
    await dispatcher.step();
    expect(counted()).toBe(0);
    // None waits any more, so they have begun elsewhere, and there is room again.
    await dispatcher.step();
    expect(counted()).toBe(1);
    expect(asked.map(({ eventsRoom }) => eventsRoom)).toEqual([200, 100, 10, 200]);
  });
});
