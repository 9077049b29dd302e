import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemoryShelf } from '../../src/runtime/memory-shelf.js';

const pages = { pagesMin: 2 };

function bytesOf(memory: WebAssembly.Memory): Uint8Array {
  return new Uint8Array(memory.buffer);
}

describe('MemoryShelf', () => {
  it('gives an owner the memory back that it had before, without a byte of what was in it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 * 65_536 - 1 }), { maxLength: 40 }), fc.boolean(), (places, early) => {
        const shelf = new MemoryShelf();
        const memory = shelf.take('a', pages);
        for (const place of places) bytesOf(memory)[place] = 1 + (place % 255);
        shelf.give('a', memory, pages);
        if (early) shelf.clear();

        const again = shelf.take('a', pages);

        expect(again).toBe(memory);
        expect(bytesOf(again).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  it('clears the first and the last byte of every page of the system', () => {
    const shelf = new MemoryShelf();
    const memory = shelf.take('a', pages);
    for (let at = 0; at < 2 * 65_536; at += 4096) {
      bytesOf(memory)[at] = 1;
      bytesOf(memory)[at + 4095] = 1;
    }
    shelf.give('a', memory, pages);

    expect(bytesOf(shelf.take('a', pages)).every((byte) => byte === 0)).toBe(true);
  });

  it('never gives one owner what another one had', () => {
    const shelf = new MemoryShelf();
    const memory = shelf.take('a', pages);
    shelf.give('a', memory, pages);

    expect(shelf.take('b', pages)).not.toBe(memory);
  });

  it('never gives a memory out twice at a time', () => {
    const shelf = new MemoryShelf();
    shelf.give('a', shelf.take('a', pages), pages);

    expect(shelf.take('a', pages)).not.toBe(shelf.take('a', pages));
  });

  it('drops a memory that has grown', () => {
    const shelf = new MemoryShelf();
    const memory = shelf.take('a', pages);
    memory.grow(1);
    shelf.give('a', memory, pages);

    expect(shelf.count).toBe(0);
    expect(shelf.take('a', pages).buffer.byteLength).toBe(2 * 65_536);
  });

  it('keeps one that was asked to grow by nothing, whose old buffer is gone', () => {
    const shelf = new MemoryShelf();
    const memory = shelf.take('a', pages);
    bytesOf(memory)[7] = 1;
    memory.grow(0);
    shelf.give('a', memory, pages);

    const again = shelf.take('a', pages);

    expect(again).toBe(memory);
    expect(bytesOf(again)[7]).toBe(0);
  });

  it('growing by nothing cost 100 times its charge once a memory had served a thousand runs', () => {
    const shelf = new MemoryShelf();
    const served = new Map<WebAssembly.Memory, number>();
    for (let run = 0; run < 1_000; run += 1) {
      const memory = shelf.take('a', pages);
      served.set(memory, (served.get(memory) ?? 0) + 1);
      shelf.give('a', memory, pages);
    }

    expect(Math.max(...served.values())).toBe(64);
  });

  it('makes memories with the declared ceiling', () => {
    const memory = new MemoryShelf().take('a', { pagesMin: 1, pagesMax: 2 });

    expect(memory.grow(1)).toBe(1);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });

  it('keeps a bounded number of memories and of bytes, and none above 16 MB', () => {
    const shelf = new MemoryShelf();
    const rest = (owner: string, pagesMin: number): void =>
      shelf.give(owner, shelf.take(owner, { pagesMin }), { pagesMin });

    for (let owner = 0; owner < 40; owner += 1) rest(`${owner}`, 1);
    expect(shelf.count).toBe(16);

    for (let owner = 0; owner < 6; owner += 1) rest(`large ${owner}`, 150);
    expect(shelf.count).toBe(3);

    rest('too large', 257);
    expect(shelf.count).toBe(3);
  });
});
