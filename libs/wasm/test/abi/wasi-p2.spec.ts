import { describe, expect, test } from '@jest/globals';
import { InputStream, OutputStream, Pollable } from '../../src/abi/component/wasi-p2/io.js';
import { wasiP2Interfaces } from '../../src/abi/component/wasi-p2/wasi-p2.js';
import { WasiP2Error, WasiP2Host } from '../../src/abi/component/wasi-p2/wasi-p2-host.js';
import { EngineFault } from '../../src/abi/engine-fault.js';
import { RunState } from '../../src/abi/host/run-state.js';
import { request } from './support/run-guest.js';

class Ended extends Error {}

function fresh(carriesJson = true, config?: Readonly<Record<string, string>>) {
  const host = new WasiP2Host(() => {
    throw new Ended();
  });
  host.standardStreamsCarryJson = carriesJson;
  const state = new RunState({ ...request('{"a":1}', { clockMs: 1_500 }), ...(config && { config }) });
  host.begin(state);
  const interfaces = wasiP2Interfaces(host) as Record<string, Record<string, (...values: unknown[]) => unknown>>;
  return { host, state, call: (at: string, name: string, ...values: unknown[]) => interfaces[at]?.[name]?.(...values) };
}

describe('streams', () => {
  test('of a command carry the input once and the output', () => {
    const { host, state } = fresh();
    const input = new InputStream(host);
    expect(Buffer.from(input.read(3n)).toString()).toBe('{"a');
    expect(Buffer.from(input.blockingRead(2n ** 64n - 1n)).toString()).toBe('":1}');
    expect(() => input.read(1n)).toThrow(WasiP2Error);
    new OutputStream(host, true).blockingWriteAndFlush(Buffer.from('{}'));
    new OutputStream(host, false).write(Buffer.from('log'));
    expect([state.output.text(), state.log.text()]).toEqual(['{}', 'log']);
  });

  test('of every other component give no input, and output is log', () => {
    const { host, state } = fresh(false);
    expect(() => new InputStream(host).read(1n)).toThrow(WasiP2Error);
    new OutputStream(host, true).write(Buffer.from('said'));
    expect([state.output.text(), state.log.text()]).toEqual(['', 'said']);
  });

  test('end the run when the output grows too large', () => {
    const { host, state } = fresh();
    const output = new OutputStream(host, true);
    expect(() => output.write(new Uint8Array(30_000))).toThrow(Ended);
    expect(state.ending).toEqual({ kind: 'output_too_large', bytes: 30_000 });
  });

  test('trap on more than they permit at once', () => {
    const { host } = fresh();
    const output = new OutputStream(host, false);
    expect(output.checkWrite()).toBe(65_536n);
    expect(() => output.write(new Uint8Array(65_537))).toThrow(Ended);
    expect(() => output.writeZeroes(2n ** 63n)).toThrow(WasiP2Error);
  });

  test('can be joined', () => {
    const { host, state } = fresh();
    expect(new OutputStream(host, true).splice(new InputStream(host), 100n)).toBe(7n);
    expect(state.output.text()).toBe('{"a":1}');
  });
});

describe('time', () => {
  test('a wait moves the monotonic clock to the earliest of what is waited for', () => {
    const { host, call } = fresh();
    const start = call('wasi:clocks/monotonic-clock', 'now') as bigint;
    const pollables = [50n, 20n, 80n].map((ns) => call('wasi:clocks/monotonic-clock', 'subscribeDuration', ns));
    expect(call('wasi:io/poll', 'poll', pollables)).toEqual(Uint32Array.of(1));
    expect(call('wasi:clocks/monotonic-clock', 'now')).toBe(start + 20n);
    (pollables[2] as Pollable).block();
    expect(call('wasi:clocks/monotonic-clock', 'now')).toBe(start + 80n);
    expect(new Pollable(host, 0n).ready()).toBe(true);
    expect(call('wasi:clocks/wall-clock', 'now')).toEqual({ seconds: 1n, nanoseconds: 500_000_000 });
  });
});

describe('what is not granted', () => {
  test('no files, no environment', () => {
    const { call } = fresh();
    expect(call('wasi:filesystem/preopens', 'getDirectories')).toEqual([]);
    expect(call('wasi:cli/environment', 'getEnvironment')).toEqual([]);
    expect(call('wasi:cli/environment', 'getArguments')).toEqual(['function']);
  });

  test('settings are the one variable of the environment', () => {
    const { call } = fresh(true, { TENON_SETTINGS: '{"a":1}', a: '1' });
    expect(call('wasi:cli/environment', 'getEnvironment')).toEqual([['TENON_SETTINGS', '{"a":1}']]);
  });

  test('sockets and names answer access-denied', () => {
    const { call } = fresh();
    for (const [at, name] of [
      ['wasi:sockets/tcp-create-socket', 'createTcpSocket'],
      ['wasi:sockets/udp-create-socket', 'createUdpSocket'],
      ['wasi:sockets/ip-name-lookup', 'resolveAddresses'],
    ] as const) {
      let payload: unknown;
      try {
        call(at, name);
      } catch (error) {
        payload = (error as WasiP2Error).payload;
      }
      expect(payload).toBe('access-denied');
    }
  });

  test('HTTP ends the run by name', () => {
    const { state, call } = fresh();
    expect(() => call('wasi:http/outgoing-handler', 'handle')).toThrow(Ended);
    expect(state.ending).toMatchObject({ kind: 'capability_denied', what: expect.stringContaining('HTTP') });
  });

  test('more random bytes than one call may hold', () => {
    const { state, call } = fresh();
    expect(call('wasi:random/random', 'getRandomBytes', 32n)).toHaveLength(32);
    expect(() => call('wasi:random/random', 'getRandomBytes', 2n ** 40n)).toThrow(Ended);
    expect(state.ending).toMatchObject({ kind: 'capability_denied' });
  });
});

test('exit has a code', () => {
  const { state, call } = fresh();
  expect(() => call('wasi:cli/exit', 'exit', { tag: 'err' })).toThrow(Ended);
  expect(state.ending).toEqual({ kind: 'exit', code: 1 });
  expect(() => call('wasi:cli/exit', 'exitWithCode', 300)).toThrow(Ended);
  expect(state.ending).toEqual({ kind: 'exit', code: 44 });
});

test('a mistake in a host function shows as one of ours and not as an error value or the fault of the guest', () => {
  const { call, host } = fresh();
  expect(() => call('wasi:random/random', 'getRandomBytes', -1n)).toThrow(EngineFault);
  expect(() => new OutputStream(host, false).write(undefined as unknown as Uint8Array)).toThrow(EngineFault);
});
