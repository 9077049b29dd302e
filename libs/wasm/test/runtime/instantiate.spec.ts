import { parse } from '@bytecodealliance/jco';
import { describe, expect, it } from '@jest/globals';
import { instantiate, rewrite, usedAtStart } from '@tenon/wasm';
import { meter, refusal } from '../support/engine.js';

async function metered(text: string): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(rewrite(await parse(text)).bytes);
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('instantiate', () => {
  it('refuses an instance that starts with more memory than it was given', async () => {
    const module = await metered('(module (memory 1000))');
    const error = refusal(() => instantiate(module, {}, { memoryBytesMax: 10_000_000 }));
    expect(error).toMatchObject({ code: 'memory_limit', found: '65536000 bytes', allowed: '10000000 bytes' });
    expect(() => instantiate(module, {}, { memoryBytesMax: 65_536_000 })).not.toThrow();
  });

  it.each([
    ['instruction_limit', '(loop (br 0))', 10_000n],
    ['stack_overflow', '(call $s)', undefined],
    ['none', '(drop (i32.const 1)) (unreachable)', 2n],
  ])('tells why a start function failed: %s', async (tripped, body, instructions) => {
    const module = await metered(`(module (func $s ${body}) (start $s))`);
    const error = thrownBy(() => instantiate(module, {}, { fuel: 10_000 }));
    const usage = usedAtStart(error);
    expect(usage?.tripped).toBe(tripped);
    if (instructions !== undefined) expect(usage?.instructions).toBe(instructions);
  });

  it('knows nothing of errors that no start function threw', () => {
    expect(usedAtStart(new Error('else'))).toBeUndefined();
    expect(usedAtStart('a string')).toBeUndefined();
  });

  it('without an account stops at once what was rewritten to start with none', async () => {
    const { bytes } = rewrite(await parse('(module (func (export "run")))'), { fuelInitial: 0n });
    const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    expect(run).toThrow(WebAssembly.RuntimeError);
  });
});

describe('refill', () => {
  it('gives back the stack that a host error deep inside has kept', async () => {
    const fail = (): never => {
      throw new Error('host');
    };
    const { call } = await meter(
      `(module (import "h" "fail" (func $fail)) (func $f (export "run") (param i32)
         (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))) (else (call $fail)))))`,
      { h: { fail } },
    );
    for (let round = 0; round < 20; round++) expect(call('run', [2_000]).error).toBe('Error: host');
  });
});
