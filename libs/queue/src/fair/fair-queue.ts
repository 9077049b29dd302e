import { bounded } from '../bounded.js';
import { commandTimeoutMs, connectForCommands, type QueueOptions } from '../connection.js';
import { queueKeys } from '../keys.js';
import { defineScripts, type RunScript, type ScriptArgument } from '../scripts.js';
import { offerArguments, readBatches, removeArguments, shareArguments } from './encode.js';
import type { DispatchedBatch, DispatchRoom, FairQueue, FairQueueStats, WaitingEvent } from './fair-queue.types.js';
import { defaultFairSettings, type FairSettings } from './fair-settings.js';

/** Bound the work of one script, because Redis does nothing else meanwhile: about a millisecond. */
const eventsPerCallMax = 1_000;
const jobsPerDispatchMax = 64;
const eventsPerJobMax = 200;
const jobsPerCallMax = 1_000;
/** More than one call gives out. */
const eventsRoomMax = jobsPerDispatchMax * eventsPerJobMax;
/** Beyond any real cost, and far from where adding 1 to a double stops counting. */
const costMax = 1e13;

const folder = new URL('./lua/', import.meta.url);
const scriptNames = [
  'offer',
  'dispatch',
  'settle',
  'expired',
  'renew',
  'remove',
  'set-tenant',
  'forget-tenant',
  'stats',
] as const;
type Ask = RunScript<(typeof scriptNames)[number]>;

export interface FairQueueOptions extends QueueOptions {
  readonly settings?: Partial<FairSettings>;
}

/** Opens the fair queue of an installation; any number of processes may. */
export function openFairQueue(options: FairQueueOptions): FairQueue {
  const redis = connectForCommands(options);
  const run = defineScripts(redis, { url: folder, names: scriptNames, rootKey: queueKeys(options.prefix).fair });
  const ask: Ask = (name, args) => bounded(`the fair queue's ${name}`, commandTimeoutMs, run(name, args));
  return {
    ...fairQueue(ask, { ...defaultFairSettings, ...options.settings }, queueKeys(options.prefix).relayWakeChannel),
    close: async () => redis.disconnect(),
  };
}

function fairQueue(ask: Ask, settings: FairSettings, wakeChannel: string): Omit<FairQueue, 'close'> {
  const { leaseMs, agingMs } = settings;
  const offer = async (events: readonly WaitingEvent[]) => {
    await inChunks(events, eventsPerCallMax, (part) => ask('offer', [agingMs, wakeChannel, ...offerArguments(part)]));
  };
  return {
    offer,
    dispatch: (room) => dispatch(ask, settings, room),
    settle: async (jobId, tenantId, fuelUsed, again = []) => {
      // The first thousand go with the settlement, so that no event is neither in hand nor in line in between.
      const [together, rest] = [again.slice(0, eventsPerCallMax), again.slice(eventsPerCallMax)];
      const { eventCostMin, creditMax, newestShare } = settings;
      const args = [agingMs, jobId, tenantId, costOf(fuelUsed), eventCostMin, creditMax, newestShare];
      await ask('settle', [...args, ...offerArguments(together)]);
      await offer(rest);
    },
    expired: async (limit) => readBatches(strings(await ask('expired', [whole(limit, jobsPerCallMax), leaseMs]))),
    renew: async (jobIds) => {
      await inChunks(jobIds, jobsPerCallMax, (part) => ask('renew', [leaseMs, ...part]));
    },
    remove: async (events) => {
      const counts = await inChunks(events, eventsPerCallMax, (part) => ask('remove', removeArguments(part)));
      return counts.reduce<number>((sum, count) => sum + Number(count), 0);
    },
    setTenant: async (tenantId, share) => {
      await ask('set-tenant', shareArguments(tenantId, share));
    },
    setTenants: async (shares) => {
      const triples = [...shares].map(([tenantId, share]) => shareArguments(tenantId, share));
      await inChunks(triples, eventsPerCallMax, (part) => ask('set-tenant', part.flat()));
    },
    forgetTenant: async (tenantId) => {
      await ask('forget-tenant', [tenantId]);
    },
    stats: async () => statsOf(await ask('stats', [])),
  };
}

async function dispatch(ask: Ask, settings: FairSettings, room: DispatchRoom): Promise<readonly DispatchedBatch[]> {
  const jobsMax = whole(room.jobsMax, jobsPerDispatchMax);
  const eventsMax = whole(room.eventsMax, eventsPerJobMax);
  if (jobsMax === 0 || eventsMax === 0) return [];
  const { leaseMs, batchCostMax, agingMs, weightDefault, concurrencyDefault, eventCostGuess, eventOverhead } = settings;
  const args = [
    jobsMax,
    eventsMax,
    leaseMs,
    batchCostMax,
    agingMs,
    weightDefault,
    concurrencyDefault,
    eventCostGuess,
    eventOverhead,
    Math.max(0, Math.floor(room.eventsRoom ?? eventsRoomMax)),
    settings.newcomerEventsMax,
  ];
  return readBatches(strings(await ask('dispatch', args)));
}

/** Empty where nobody knows: then the estimate stands. */
function costOf(fuelUsed: number | undefined): ScriptArgument {
  if (fuelUsed === undefined || Number.isNaN(fuelUsed)) return '';
  return Math.min(Math.max(0, fuelUsed), costMax);
}

function whole(value: number, max: number): number {
  return Math.max(0, Math.min(Math.floor(value) || 0, max));
}

function strings(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.map(String) : [];
}

function statsOf(answer: unknown): FairQueueStats {
  const [waiting = 0, inHand = 0, tenants = 0] = strings(answer).map(Number);
  return { waiting, inHand, tenants };
}

function inChunks<Item>(
  items: readonly Item[],
  size: number,
  work: (part: readonly Item[]) => Promise<unknown>,
): Promise<readonly unknown[]> {
  const parts = Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
  return Promise.all(parts.map(work));
}
