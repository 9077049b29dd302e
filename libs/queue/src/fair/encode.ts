import { type Id, idPrefixes } from '@tenon/contracts';
import { decodeTime } from 'ulid';
import type { ScriptArgument } from '../scripts.js';
import type { DispatchedBatch, TenantShare, WaitingEvent } from './fair-queue.types.js';

const idLength = 26;
const timeLength = 10;
const eventPrefix = `${idPrefixes.event}_`;
const priorityMax = 9;
const priorityDefault = 5;
/** Times ten it is still an exact integer. */
const timeMsMax = 9e14;
const weightMin = 0.001;
const weightMax = 1_000;
const concurrencyMaxMax = 1_000_000;

/** Events of one tenant, as the scripts know them. */
interface Group {
  readonly ready: JoinedByOrder;
  readonly later: JoinedByOrder;
}

/** The joined ids of all events that have the same order. */
type JoinedByOrder = Map<number, string>;

/** Groups of tenant, counts, and pairs of order and joined events: see `offerGroup` in common.lua. */
export function offerArguments(events: readonly WaitingEvent[]): ScriptArgument[] {
  const groups = new Map<string, Group>();
  const timeOf = timeReader();
  for (const event of events) {
    const group: Group = groups.get(event.tenantId) ?? { ready: new Map(), later: new Map() };
    groups.set(event.tenantId, group);
    const joined = event.notBeforeMs === undefined ? group.ready : group.later;
    const id = bareId(event.id);
    const order = orderOf(event.notBeforeMs ?? timeOf(id), event.priority ?? priorityDefault);
    joined.set(order, (joined.get(order) ?? '') + id);
  }
  const encoded: ScriptArgument[] = [];
  for (const [tenantId, { ready, later }] of groups) {
    encoded.push(tenantId, ready.size, later.size);
    for (const joined of [ready, later]) for (const pair of joined) encoded.push(...pair);
  }
  return encoded;
}

/** Groups of tenant, count and events: see remove.lua. */
export function removeArguments(events: readonly Pick<WaitingEvent, 'id' | 'tenantId'>[]): ScriptArgument[] {
  const groups = Map.groupBy(events, (event) => event.tenantId);
  return [...groups].flatMap(([tenantId, own]) => [tenantId, own.length, ...own.map(({ id }) => bareId(id))]);
}

/** Tenant, weight and cap: see set-tenant.lua. */
export function shareArguments(tenantId: Id<'tenant'>, { weight, concurrencyMax }: TenantShare): ScriptArgument[] {
  if (!(weight >= weightMin && weight <= weightMax)) {
    throw new RangeError(`a weight is ${weightMin} to ${weightMax}`);
  }
  if (!Number.isInteger(concurrencyMax) || concurrencyMax < 1 || concurrencyMax > concurrencyMaxMax) {
    throw new RangeError(`concurrencyMax is a whole number from 1 to ${concurrencyMaxMax}`);
  }
  return [tenantId, weight, concurrencyMax];
}

/** Triples of job, tenant and joined events: what dispatch.lua and expired.lua answer. */
export function readBatches(answer: readonly string[]): readonly DispatchedBatch[] {
  const batches: DispatchedBatch[] = [];
  for (let at = 0; at + 2 < answer.length; at += 3) {
    const [jobId = '', tenantId = '', packed = ''] = answer.slice(at, at + 3);
    batches.push({ jobId, tenantId: tenantId as Id<'tenant'>, eventIds: unpackIds(packed) });
  }
  return batches;
}

function unpackIds(packed: string): readonly Id<'event'>[] {
  const ids: Id<'event'>[] = [];
  for (let at = 0; at < packed.length; at += idLength) {
    ids.push(`${eventPrefix}${packed.slice(at, at + idLength)}` as Id<'event'>);
  }
  return ids;
}

/** The scripts cut joined ids at a fixed length, so an id of another length must never reach them. */
function bareId(id: Id<'event'>): string {
  const bare = id.slice(eventPrefix.length);
  if (bare.length !== idLength || !id.startsWith(eventPrefix)) throw new RangeError('expected the id of an event');
  return bare;
}

/** Time and priority in one number; smaller comes first. */
function orderOf(timeMs: number, priority: number): number {
  if (!Number.isInteger(priority) || priority < 0 || priority > priorityMax) {
    throw new RangeError(`a priority is a whole number from 0 to ${priorityMax}`);
  }
  if (!(timeMs >= 0 && timeMs <= timeMsMax)) throw new RangeError('expected a time in milliseconds since 1970');
  return Math.floor(timeMs) * 10 + (priorityMax - priority);
}

/** When an id was made. Events that come together mostly share the millisecond, so the last answer is kept. */
function timeReader(): (bareId: string) => number {
  let last = '';
  let lastMs = 0;
  return (id) => {
    const time = id.slice(0, timeLength);
    if (time !== last) {
      lastMs = decodeTime(id.toUpperCase());
      last = time;
    }
    return lastMs;
  };
}
