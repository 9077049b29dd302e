import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RunState } from '../../src/abi/host/run-state.js';
import { type WasiFunction, wasiSignatures } from '../../src/abi/wasi/signatures.js';
import { WasiHost } from '../../src/abi/wasi/wasi-host.js';
import { wasiFunctions } from '../../src/abi/wasi/wasi-imports.js';
import { request } from './support/run-guest.js';

type HostFunction = (...values: unknown[]) => unknown;

function hostOverOnePage(): { readonly functions: Record<string, HostFunction>; readonly memory: WebAssembly.Memory } {
  const host = new WasiHost(true);
  const memory = new WebAssembly.Memory({ initial: 1 });
  host.begin(new RunState(request('{"some":"input"}')));
  host.memory.attach(memory);
  return { functions: wasiFunctions(host) as Record<string, HostFunction>, memory };
}

/** Around zero, around the end of one page, around both ends of the signed and the unsigned range. */
const edges = [0, 1, 2, 3, 8, 65_528, 65_532, 65_535, 65_536, 0x7fff_ffff, -0x8000_0000, -1, -8, -65_536];
const edges64 = [0n, 1n, -1n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)];

const argument = (letter: string): fc.Arbitrary<number | bigint> =>
  letter === 'i'
    ? fc.oneof(fc.constantFrom(...edges), fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }))
    : fc.oneof(fc.constantFrom(...edges64), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

const names = (Object.keys(wasiSignatures) as WasiFunction[]).filter((name) => name !== 'proc_exit');

describe('no argument makes a WASI call throw, hang or answer anything but an errno', () => {
  test.each(names)('%s', (name) => {
    const [letters = ''] = wasiSignatures[name].split(':');
    const { functions, memory } = hostOverOnePage();
    fc.assert(
      fc.property(fc.tuple(...[...letters].map(argument)), fc.boolean(), (values, grow) => {
        if (grow && memory.buffer.byteLength < 10 * 65_536) memory.grow(1);
        try {
          const answer = functions[name]?.(...values);
          expect(Number.isInteger(answer) && Number(answer) >= 0 && Number(answer) <= 76).toBe(true);
        } catch (error) {
          // Writing more output than is allowed ends the run; nothing else may throw.
          expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
          expect(name).toBe('fd_write');
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('a call on a memory that the guest has just grown sees the new memory and not the detached one', () => {
  const { functions, memory } = hostOverOnePage();
  expect(functions.random_get?.(65_532, 4)).toBe(0);
  expect(functions.random_get?.(65_536, 4)).toBe(21);
  memory.grow(1);
  expect(functions.random_get?.(65_536, 4)).toBe(0);
});

test('before there is a memory every pointer is out of range', () => {
  const host = new WasiHost(true);
  host.begin(new RunState(request('{}')));
  expect(wasiFunctions(host).random_get(0, 1)).toBe(21);
  expect(wasiFunctions(host).fd_write(1, 0, 1, 0)).toBe(21);
});

test('fd_write writes all buffers in order, or nothing when one of them is out of range', () => {
  const buffer = fc.record({ at: fc.integer({ min: 4_096, max: 65_700 }), length: fc.integer({ min: 0, max: 300 }) });
  fc.assert(
    fc.property(fc.array(buffer, { maxLength: 20 }), (buffers) => {
      const host = new WasiHost(true);
      const memory = new WebAssembly.Memory({ initial: 1 });
      const bytes = new Uint8Array(memory.buffer);
      bytes.forEach((_, i) => {
        bytes[i] = i % 251;
      });
      const view = new DataView(memory.buffer);
      buffers.forEach(({ at, length }, i) => {
        view.setUint32(16 + i * 8, at, true);
        view.setUint32(20 + i * 8, length, true);
      });
      const state = new RunState(request('{}'));
      host.begin(state);
      host.memory.attach(memory);
      const answer = wasiFunctions(host).fd_write(2, 16, buffers.length, 8);
      const inside = buffers.every(({ at, length }) => at + length <= 65_536);
      expect(answer).toBe(inside ? 0 : 21);
      const expected = inside ? buffers.flatMap(({ at, length }) => [...bytes.subarray(at, at + length)]) : [];
      expect([...state.log.view()]).toEqual(expected);
      if (inside) expect(view.getUint32(8, true)).toBe(expected.length);
    }),
  );
});

test('fd_read gives the input once, however the guest cuts its buffers', () => {
  const input = JSON.stringify({ text: 'ä€𝄞'.repeat(50) });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 30, maxLength: 60 }), (lengths) => {
      const host = new WasiHost(true);
      const memory = new WebAssembly.Memory({ initial: 1 });
      const view = new DataView(memory.buffer);
      host.begin(new RunState(request(input)));
      host.memory.attach(memory);
      const read: number[] = [];
      for (const length of lengths) {
        view.setUint32(16, 1_024, true);
        view.setUint32(20, length, true);
        expect(wasiFunctions(host).fd_read(0, 16, 1, 8)).toBe(0);
        read.push(...new Uint8Array(memory.buffer, 1_024, view.getUint32(8, true)));
      }
      const whole = Buffer.from(input);
      expect(Buffer.from(read).equals(whole.subarray(0, read.length))).toBe(true);
      expect(read.length).toBe(
        Math.min(
          whole.length,
          lengths.reduce((a, b) => a + b, 0),
        ),
      );
    }),
  );
});
