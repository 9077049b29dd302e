import { describe, expect, test } from '@jest/globals';
import { RunState } from '../../src/abi/host/run-state.js';
import { WasiHost } from '../../src/abi/wasi/wasi-host.js';
import { wasiFunctions } from '../../src/abi/wasi/wasi-imports.js';
import { request } from './support/run-guest.js';

function fresh(config?: Readonly<Record<string, string>>) {
  const host = new WasiHost(true);
  const memory = new WebAssembly.Memory({ initial: 1 });
  host.begin(new RunState({ ...request('{"a":1}', { clockMs: 1_234_567 }), ...(config && { config }) }));
  host.memory.attach(memory);
  return { host, wasi: wasiFunctions(host), view: new DataView(memory.buffer), bytes: new Uint8Array(memory.buffer) };
}

describe('what a libc asks at its start', () => {
  test('one argument, no environment', () => {
    const { wasi, view, bytes } = fresh();
    expect(wasi.args_sizes_get(0, 4)).toBe(0);
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([1, 9]);
    expect(wasi.args_get(16, 32)).toBe(0);
    expect(view.getUint32(16, true)).toBe(32);
    expect(Buffer.from(bytes.subarray(32, 41)).toString()).toBe('function\0');
    expect(wasi.environ_sizes_get(0, 4)).toBe(0);
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([0, 0]);
  });

  test('its settings as the one variable of the environment, and no other member of the config', () => {
    const { wasi, view, bytes } = fresh({ TENON_SETTINGS: '{"name":"Größe"}', name: 'Größe' });
    const entry = Buffer.from('TENON_SETTINGS={"name":"Größe"}\0');
    expect(wasi.environ_sizes_get(0, 4)).toBe(0);
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([1, entry.length]);
    expect(wasi.environ_get(16, 32)).toBe(0);
    expect(view.getUint32(16, true)).toBe(32);
    expect(Buffer.from(bytes.subarray(32, 32 + entry.length))).toEqual(entry);
    expect(wasi.environ_get(65_534, 32)).toBe(21);
    expect(wasi.environ_get(16, 65_530)).toBe(21);
  });

  test('no directory is preopened: descriptor 3 is EBADF, which ends the search', () => {
    expect(fresh().wasi.fd_prestat_get(3)).toBe(8);
  });

  test('standard streams are pipes with the rights of their direction', () => {
    const { wasi, view } = fresh();
    expect(wasi.fd_fdstat_get(0, 64)).toBe(0);
    expect(view.getUint8(64)).toBe(0);
    expect(view.getBigUint64(72, true) & (1n << 1n)).not.toBe(0n);
    expect(wasi.fd_fdstat_get(1, 64)).toBe(0);
    expect(view.getBigUint64(72, true) & (1n << 6n)).not.toBe(0n);
    expect(wasi.fd_fdstat_get(3, 64)).toBe(8);
  });
});

describe('what is not granted', () => {
  test('paths: ENOTDIR on a stream, EBADF on anything else', () => {
    const { wasi } = fresh();
    expect(wasi.path_open(1)).toBe(54);
    expect(wasi.path_open(3)).toBe(8);
    expect(wasi.path_symlink(0, 0, 3)).toBe(8);
  });

  test('sockets: ENOTSOCK on a stream, EBADF on anything else', () => {
    const { wasi } = fresh();
    expect(wasi.sock_accept(0)).toBe(57);
    expect(wasi.sock_recv(4)).toBe(8);
  });

  test('seeking on a pipe is ESPIPE', () => {
    expect(fresh().wasi.fd_seek(1)).toBe(70);
  });

  test('a closed stream is EBADF from then on', () => {
    const { wasi } = fresh();
    expect(wasi.fd_close(1)).toBe(0);
    expect(wasi.fd_write(1, 0, 0, 8)).toBe(8);
    expect(wasi.fd_close(1)).toBe(8);
  });

  test('a stream that was renumbered is found under its new number only', () => {
    const { wasi, host } = fresh();
    expect(wasi.fd_renumber(2, 1)).toBe(0);
    expect(host.stream(1)).toBe('stderr');
    expect(host.stream(2)).toBeUndefined();
  });
});

describe('time', () => {
  const now = (parts: ReturnType<typeof fresh>, clock: number): bigint => {
    expect(parts.wasi.clock_time_get(clock, 0n, 128)).toBe(0);
    return parts.view.getBigUint64(128, true);
  };

  test('the wall clock stands at the time of the request', () => {
    const parts = fresh();
    expect(now(parts, 0)).toBe(1_234_567_000_000n);
    expect(now(parts, 0)).toBe(1_234_567_000_000n);
    expect(parts.wasi.clock_time_get(4, 0n, 128)).toBe(28);
  });

  test('a sleep ends at once and moves the monotonic clock by its length, the wall clock not at all', () => {
    const parts = fresh();
    const before = now(parts, 1);
    parts.view.setBigUint64(256, 77n, true);
    parts.view.setUint8(264, 0);
    parts.view.setUint32(272, 1, true);
    parts.view.setBigUint64(280, 5_000_000n, true);
    expect(parts.wasi.poll_oneoff(256, 512, 1, 640)).toBe(0);
    expect(parts.view.getUint32(640, true)).toBe(1);
    expect(parts.view.getBigUint64(512, true)).toBe(77n);
    expect(now(parts, 1) - before).toBe(5_000_000n);
    expect(now(parts, 0)).toBe(1_234_567_000_000n);
  });

  test('waiting for input says how much there is', () => {
    const { wasi, view } = fresh();
    view.setUint8(264, 1);
    view.setUint32(272, 0, true);
    expect(wasi.poll_oneoff(256, 512, 1, 640)).toBe(0);
    expect(view.getBigUint64(528, true)).toBe(7n);
  });

  test('waiting for nothing is EINVAL', () => {
    expect(fresh().wasi.poll_oneoff(0, 0, 0, 0)).toBe(28);
  });
});
