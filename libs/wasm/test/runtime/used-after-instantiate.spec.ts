import { parse } from '@bytecodealliance/jco';
import { describe, expect, it } from '@jest/globals';
import { instantiate, rewrite, used } from '@tenon/wasm';

const text = '(module (func (export "run") (result i32) (i32.add (i32.const 1) (i32.const 2))))';

describe('the account that instantiate opens', () => {
  it('is the one that used() speaks of, without a refill in between', async () => {
    const instance = instantiate(new WebAssembly.Module(rewrite(await parse(text)).bytes), {}, { fuel: 1_000 });
    expect(used(instance)).toMatchObject({ instructions: 0n, fuel: 0n });
    const { run } = instance.exports;
    if (typeof run === 'function') run();
    expect(used(instance)).toMatchObject({ instructions: 4n, fuel: 4n, tripped: 'none' });
  });
});
