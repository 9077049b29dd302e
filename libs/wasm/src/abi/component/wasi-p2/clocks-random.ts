import { Pollable } from './io.js';
import type { WasiInterface, WasiP2Host } from './wasi-p2-host.js';

/** The most random bytes one call gives: the host holds them before the guest's memory does. Charged one unit each. */
const randomBytesMax = 65_536;

/** `wasi:clocks`: the wall clock stands at the request's time, the monotonic clock moves only by sleeping. */
export function clockInterfaces(host: WasiP2Host): Readonly<Record<string, WasiInterface>> {
  return {
    'wasi:clocks/monotonic-clock': {
      now: () => host.monotonicNs,
      resolution: () => 1n,
      subscribeInstant: (atNs: bigint) => new Pollable(host, atNs),
      subscribeDuration: (ns: bigint) => new Pollable(host, host.monotonicNs + ns),
    },
    'wasi:clocks/wall-clock': {
      now: () => {
        const ns = host.state.wallClockNs;
        return { seconds: ns / 1_000_000_000n, nanoseconds: Number(ns % 1_000_000_000n) };
      },
      resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }),
    },
  };
}

/** `wasi:random`: all of it from the request's seed, the "insecure" kinds too, so that a run can be repeated. */
export function randomInterfaces(host: WasiP2Host): Readonly<Record<string, WasiInterface>> {
  const randomBytes = (length: bigint): Uint8Array => {
    if (length > randomBytesMax) {
      return host.end({ kind: 'capability_denied', what: `more than ${randomBytesMax} random bytes at once` });
    }
    const bytes = new Uint8Array(Number(length));
    host.charge(bytes.length);
    host.state.random.fill(bytes);
    return bytes;
  };
  const randomU64 = (): bigint => host.state.random.nextU64();
  return {
    'wasi:random/random': { getRandomBytes: randomBytes, getRandomU64: randomU64 },
    'wasi:random/insecure': { getInsecureRandomBytes: randomBytes, getInsecureRandomU64: randomU64 },
    'wasi:random/insecure-seed': { insecureSeed: () => [randomU64(), randomU64()] },
  };
}
