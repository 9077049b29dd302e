import { clearingOf } from './clear-memory.js';

/** The name under which a module asks its host for its memory; the module's name is that of the counters. */
export const memoryImport = 'memory';

/** Size of a memory as its module declares it, in pages of 64 KiB. */
export interface MemoryPages {
  readonly pagesMin: number;
  readonly pagesMax?: number | undefined;
}

/** Memories that rest at a time; each takes 8 GiB of addresses, which is no memory but not free either. */
const memoriesMax = 16;
/** Bytes of all that rest, were every page of them touched. */
const bytesMax = 32 * 1024 * 1024;
/** Larger ones are made anew each time: one of them would push all others off the shelf. */
const pagesMaxEach = 256;
/**
 * Runs that one memory serves. The engine visits every instance that it has not yet collected of a memory whenever that
 * memory grows, 25 ns each: after 64 runs that is 1.6 us, about what a growth is charged.
 */
const usesMax = 64;
const pageBytes = 65_536;

interface Rested {
  readonly memory: WebAssembly.Memory;
  readonly bytes: number;
  readonly clear: () => void;
  isClear: boolean;
  uses: number;
}

/**
 * Linear memories between two runs. To the engine a new memory is a reservation of 8 GiB, page faults and, every few
 * dozen, a full collection: far more than a small run itself. So the memory of a run that has ended is set to zeros
 * and given to the next run of the same owner; the instance around it is always new.
 *
 * A memory that has grown is not kept, because it can't shrink again, and nothing may tell a guest that it is not the
 * first. One shelf serves one thread, so a thread that was ended takes its memories along.
 */
export class MemoryShelf {
  /** By owner, least recently used first; taken off while a run has it, so that no two runs can share one. */
  readonly #rested = new Map<string, Rested>();
  readonly #taken = new Map<WebAssembly.Memory, Rested>();
  #bytes = 0;

  /** How many memories rest. */
  get count(): number {
    return this.#rested.size;
  }

  /**
   * A memory of zeros and of the declared size.
   *
   * @param owner whose memory it may have been before.
   * @throws RangeError when the system has no room for a memory.
   */
  take(owner: string, pages: MemoryPages): WebAssembly.Memory {
    const rested = this.#rested.get(owner);
    if (rested === undefined) return freshMemory(pages);
    this.#rested.delete(owner);
    this.#bytes -= rested.bytes;
    if (!rested.isClear) rested.clear();
    rested.isClear = false;
    rested.uses += 1;
    this.#taken.set(rested.memory, rested);
    return rested.memory;
  }

  /** Takes back what `take` gave when the run is over and nothing of its instance can be called any more. */
  give(owner: string, memory: WebAssembly.Memory, pages: MemoryPages): void {
    const known = this.#taken.get(memory);
    this.#taken.delete(memory);
    const bytes = memory.buffer.byteLength;
    const hasGrown = bytes !== pages.pagesMin * pageBytes;
    const isWornOut = known !== undefined && known.uses >= usesMax;
    if (hasGrown || isWornOut || pages.pagesMin > pagesMaxEach || this.#rested.has(owner)) return;
    this.#rested.set(owner, known ?? { memory, bytes, clear: clearingOf(memory), isClear: false, uses: 1 });
    this.#bytes += bytes;
    this.#trim();
  }

  /** Clears what rests uncleared: call it when nobody waits for this thread. */
  clear(): void {
    for (const rested of this.#rested.values()) {
      if (rested.isClear) continue;
      rested.clear();
      rested.isClear = true;
    }
  }

  #trim(): void {
    for (const [owner, { bytes }] of this.#rested) {
      if (this.#rested.size <= memoriesMax && this.#bytes <= bytesMax) return;
      this.#rested.delete(owner);
      this.#bytes -= bytes;
    }
  }
}

function freshMemory({ pagesMin, pagesMax }: MemoryPages): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pagesMin, ...(pagesMax === undefined ? {} : { maximum: pagesMax }) });
}
