import type { Id } from '@tenon/contracts';
import type { Redis } from 'ioredis';
import { connectForBlocking, type QueueOptions } from './connection.js';
import { queueKeys } from './keys.js';

/** Tenants in one message; the rest goes with the next. */
const tenantsPerMessageMax = 500;
const tenantPattern = /^tnt_[0-9a-z]{26}$/;

/** Told which tenants have new records; without any, that some may have been missed. */
export type RecordedListener = (tenantIds: readonly Id<'tenant'>[]) => void;

/**
 * Tells other processes that runs of these tenants were recorded. Calls are merged while a message is under way, so
 * this may be called for every commit; it never throws and never waits. A message that is lost costs its listeners
 * one poll and nothing else: what happened is in Postgres.
 */
export function announceRecorded(redis: Redis, prefix: string, onError: (error: Error) => void) {
  const { recordedChannel } = queueKeys(prefix);
  const open = new Set<Id<'tenant'>>();
  let sending = false;
  const send = async () => {
    sending = true;
    while (open.size > 0) {
      const some = [...open].slice(0, tenantsPerMessageMax);
      for (const tenantId of some) open.delete(tenantId);
      await redis.publish(recordedChannel, some.join(' ')).catch(onError);
    }
    sending = false;
  };
  return (tenantIds: Iterable<Id<'tenant'>>): void => {
    for (const tenantId of tenantIds) open.add(tenantId);
    if (!sending) void send();
  };
}

/** Listens over a connection of its own, from the first listener on. */
export class RecordedNews {
  readonly #listeners = new Set<RecordedListener>();
  #redis: Redis | undefined;

  constructor(private readonly options: QueueOptions) {}

  /** @returns what ends the listening */
  listen(listener: RecordedListener): () => void {
    this.#listeners.add(listener);
    this.#redis ??= this.#subscribe();
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#redis?.disconnect();
  }

  #subscribe(): Redis {
    const redis = connectForBlocking(this.options);
    redis.on('message', (_channel: string, message: string) => this.#tell(tenantsIn(message)));
    redis.on('ready', () => this.#tell([]));
    redis
      .subscribe(queueKeys(this.options.prefix).recordedChannel)
      .catch((error: unknown) => this.options.onError?.(error instanceof Error ? error : new Error(String(error))));
    return redis;
  }

  #tell(tenantIds: readonly Id<'tenant'>[]): void {
    for (const listener of this.#listeners) listener(tenantIds);
  }
}

function tenantsIn(message: string): readonly Id<'tenant'>[] {
  return message.split(' ').filter((part): part is Id<'tenant'> => tenantPattern.test(part));
}
