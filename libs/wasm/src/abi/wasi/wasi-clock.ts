import { costs } from './costs.js';
import { type Errno, errno } from './errno.js';
import { iovecsMax } from './iovec.js';
import type { WasiHost } from './wasi-host.js';

const realtime = 0;
const threadCpuTime = 3;

/** The wall clock is given in whole milliseconds. */
const wallClockResolutionNs = 1_000_000n;

const subscriptionBytes = 48;
const eventBytes = 32;
const clockSubscription = 0;
const absoluteTime = 1;

interface Subscription {
  readonly at: number;
  readonly tag: number;
}

/** When a clock subscription fires on the monotonic clock; one on the frozen wall clock fires at once. */
function firesAtNs(host: WasiHost, at: number): bigint {
  const { memory } = host;
  const timeoutNs = memory.u64(at + 24);
  const absolute = (memory.u16(at + 40) & absoluteTime) !== 0;
  if (!absolute) return host.monotonicNs + timeoutNs;
  return memory.u32(at + 16) === realtime ? host.monotonicNs : timeoutNs;
}

/** Sleeping takes no time: when nothing but clocks is waited for, the monotonic clock moves to the earliest of them. */
function readyEvents(host: WasiHost, subscriptions: readonly Subscription[]): readonly Subscription[] {
  const streams = subscriptions.filter(({ tag }) => tag !== clockSubscription);
  if (streams.length > 0) return streams;
  const times = subscriptions.map(({ at }) => firesAtNs(host, at));
  const [earliest = 0n] = times.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  if (earliest > host.monotonicNs) host.monotonicNs = BigInt.asUintN(63, earliest);
  return subscriptions.filter((_, i) => (times[i] ?? 0n) <= host.monotonicNs || times[i] === earliest);
}

/** One `event`: userdata, error, type; a stream that is not open answers EBADF inside its own event. */
function encodeEvent(host: WasiHost, { at, tag }: Subscription): Uint8Array {
  const event = new Uint8Array(eventBytes);
  const view = new DataView(event.buffer);
  view.setBigUint64(0, host.memory.u64(at), true);
  view.setUint8(10, tag);
  if (tag === clockSubscription) return event;
  const stream = host.stream(host.memory.u32(at + 16));
  if (stream === undefined) view.setUint16(8, errno.badf, true);
  if (stream === 'stdin') view.setBigUint64(16, BigInt(host.inputLeft), true);
  return event;
}

function poll(host: WasiHost, input: number, output: number, count: number, eventsPointer: number): Errno {
  const { memory } = host;
  const wanted = count >>> 0;
  if (wanted === 0 || wanted > iovecsMax) return errno.inval;
  if (!memory.holds(input, wanted * subscriptionBytes) || !memory.holds(output, wanted * eventBytes))
    return errno.fault;
  if (!memory.holds(eventsPointer, 4)) return errno.fault;
  host.charge(costs.poll + wanted * costs.subscription);
  const subscriptions = Array.from({ length: wanted }, (_, i) => {
    const at = (input >>> 0) + i * subscriptionBytes;
    return { at, tag: memory.u8(at + 8) };
  });
  if (subscriptions.some(({ tag }) => tag > 2)) return errno.inval;
  // All events are made before any is written, because the guest may have laid the two lists over each other.
  const events = readyEvents(host, subscriptions).map((subscription) => encodeEvent(host, subscription));
  for (const [i, event] of events.entries()) memory.writeBytes((output >>> 0) + i * eventBytes, event);
  memory.writeU32(eventsPointer, events.length);
  return errno.success;
}

/**
 * Clocks and waiting. The wall clock stands still at the request's time; the monotonic clock moves only by what the
 * guest sleeps, so a guest that sleeps ends instead of spinning, and runs the same every time.
 */
export function clockFunctions(host: WasiHost) {
  const known = (clock: number): boolean => clock >>> 0 <= threadCpuTime;
  return {
    clock_res_get: (clock: number, pointer: number): Errno => {
      if (!known(clock)) return errno.inval;
      const resolutionNs = clock === realtime ? wallClockResolutionNs : 1n;
      return host.memory.writeU64(pointer, resolutionNs) ? errno.success : errno.fault;
    },
    clock_time_get: (clock: number, _precision: bigint, pointer: number): Errno => {
      if (!known(clock)) return errno.inval;
      const timeNs = clock === realtime ? host.state.wallClockNs : host.monotonicNs;
      return host.memory.writeU64(pointer, timeNs) ? errno.success : errno.fault;
    },
    poll_oneoff: (input: number, output: number, count: number, eventsPointer: number): Errno =>
      poll(host, input, output, count, eventsPointer),
  };
}
