import { type Id, newId } from '@tenon/contracts';
import {
  type DispatchedBatch,
  type FairQueue,
  type FairSettings,
  openFairQueue,
  queueKeys,
  type WaitingEvent,
} from '@tenon/queue';
import { createTestRedis } from '@tenon/testing';
import { Redis } from 'ioredis';

/** A real Redis, and fair queues that don't see each other. */
export interface FairWorld {
  /** A queue of its own, empty. */
  open(settings?: Partial<FairSettings>): OpenedQueue;
  close(): Promise<void>;
}

export interface OpenedQueue {
  readonly queue: FairQueue;
  /** The same Redis by hand, for what the queue does not show. */
  readonly redis: Redis;
  /** Root of the queue's keys. */
  readonly root: string;
  /** All keys of the queue. */
  keys(): Promise<readonly string[]>;
}

export async function createFairWorld(): Promise<FairWorld> {
  const server = await createTestRedis();
  const redis = new Redis(server.url);
  const opened: FairQueue[] = [];
  return {
    open: (settings) => {
      const prefix = `${server.prefix}-${opened.length}`;
      const queue = openFairQueue({ redisUrl: server.url, prefix, ...(settings === undefined ? {} : { settings }) });
      opened.push(queue);
      const root = queueKeys(prefix).fair;
      return { queue, redis, root, keys: () => redis.keys(`${root}*`) };
    },
    close: async () => {
      await Promise.all(opened.map((queue) => queue.close()));
      redis.disconnect();
      await server.close();
    },
  };
}

let lastMs = 1_700_000_000_000;

/** Events of one tenant, each made a millisecond after the one before. */
export function eventsOf(
  tenantId: Id<'tenant'>,
  count: number,
  more: Pick<WaitingEvent, 'priority' | 'notBeforeMs'> = {},
): WaitingEvent[] {
  return Array.from({ length: count }, () => {
    lastMs += 1;
    return { id: newId('event', lastMs), tenantId, ...more };
  });
}

/** Dispatches and settles until nothing is left. @returns the batches, in order. */
export async function drain(
  queue: FairQueue,
  room: { readonly jobsMax: number; readonly eventsMax: number },
  costOf: (batch: DispatchedBatch) => number = (batch) => batch.eventIds.length * 100_000,
): Promise<readonly DispatchedBatch[]> {
  const all: DispatchedBatch[] = [];
  for (;;) {
    const batches = await queue.dispatch(room);
    if (batches.length === 0) return all;
    all.push(...batches);
    for (const batch of batches) await queue.settle(batch.jobId, batch.tenantId, costOf(batch));
  }
}
