/** Names of the BullMQ queues. Jobs of an older release may still wait under them, so a name is never given a new meaning. */
export const queueNames = { builds: 'builds', executions: 'executions' } as const;

/** Every Redis key and channel that Tenon uses, from one prefix; nothing else spells a key. */
export interface QueueKeys {
  /** BullMQ puts its own keys below this one: `<bull>:<queue>:<what>`. */
  readonly bull: string;
  /** Pub/sub channel: new events are in Postgres. A lost message costs one poll interval and nothing else. */
  readonly relayWakeChannel: string;
  /** Present while Redis still holds what the relay put there; missing after a wipe. */
  readonly relayMarker: string;
  /** Pub/sub channel: runs of these tenants were recorded. A lost message costs one poll interval and nothing else. */
  readonly recordedChannel: string;
  /** Pub/sub channel: a version became live. */
  readonly activatedChannel: string;
  /** Root of the fair queue's keys; what lies below it is listed at the top of fair/lua/common.lua. */
  readonly fair: string;
  /** Root of the quotas' keys; what lies below it is listed at the top of common.lua in libs/quota. */
  readonly quota: string;
}

/** @param prefix - Separates installations that share one Redis. What stands in braces keeps all keys in one slot of a cluster. */
export function queueKeys(prefix: string): QueueKeys {
  if (!/^[a-z0-9-]{1,32}$/i.test(prefix)) throw new RangeError('a queue prefix is 1 to 32 letters, digits and hyphens');
  const root = `${prefix}:{queues}`;
  return {
    bull: `${root}:bull`,
    relayWakeChannel: `${root}:relay:wake`,
    relayMarker: `${root}:relay:marker`,
    activatedChannel: `${root}:activated`,
    recordedChannel: `${root}:recorded`,
    fair: `${root}:fair`,
    quota: `${root}:quota`,
  };
}
