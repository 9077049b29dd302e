import { WasmError } from '../binary/wasm-error.js';
import type { ModuleLimits } from './module-limits.js';
import { checkLimit } from './module-limits.js';

/**
 * The open blocks of the function being read and the height of its operand stack. Heights are exact in valid code; in
 * invalid code they stay non-negative and bounded, and the engine refuses the module later.
 */
export class ControlStack {
  height = 0;
  heightMax = 0;
  depth = 0;
  private readonly limits: ModuleLimits;
  private base = new Int32Array(64);
  private params = new Int32Array(64);
  private results = new Int32Array(64);
  private opcodes = new Uint8Array(64);
  private loops = new Int32Array(64);
  /** The number of the loop that was opened last and has no block in it yet, or -1. */
  private freshLoop = -1;
  /** The number of the innermost open loop that is still tight, or -1. */
  tightLoop = -1;

  constructor(limits: ModuleLimits) {
    this.limits = limits;
  }

  reset(results: number): void {
    this.height = 0;
    this.heightMax = 0;
    this.depth = 0;
    this.tightLoop = -1;
    this.push(0x02, 0, results, 0);
  }

  push(opcode: number, params: number, results: number, offset: number): void {
    if (this.depth === this.opcodes.length) this.grow(offset);
    const base = Math.max(0, this.height - params);
    this.base[this.depth] = base;
    this.params[this.depth] = params;
    this.results[this.depth] = results;
    this.opcodes[this.depth] = opcode;
    // An `if` that is the first block of a loop has the number of the loop, negative.
    this.loops[this.depth] = opcode === 0x04 && this.freshLoop >= 0 ? -2 - this.freshLoop : -1;
    this.freshLoop = -1;
    this.depth++;
    this.setHeight(base + params);
  }

  /** Gives the innermost block, a loop, its number. */
  numberLoop(loop: number): void {
    this.loops[this.depth - 1] = loop;
    this.tightLoop = loop;
    this.freshLoop = loop;
  }

  /** The number of a loop, by how many blocks are open around it, or less for any other block. */
  loopAt(depth: number): number {
    return this.loops[depth] as number;
  }

  /** The opcode that opened the innermost block, or last split it (`else`, `catch`). */
  get innermost(): number {
    return this.opcodes[this.depth - 1] as number;
  }

  /** The loop that the innermost block, an `if` without another arm, is the first block of, or -1. */
  get loopOfIf(): number {
    const loop = this.loops[this.depth - 1] as number;
    return this.innermost === 0x04 && loop < -1 ? -2 - loop : -1;
  }

  end(): void {
    this.depth--;
    this.freshLoop = -1;
    // A loop inside makes the loop around it no longer tight, so nothing is taken up again after its end.
    if (this.opcodes[this.depth] === 0x03) this.tightLoop = -1;
    this.setHeight((this.base[this.depth] as number) + (this.results[this.depth] as number));
  }

  /** The other arm of an `if`, or a handler that starts with `values` operands. */
  split(opcode: number, values: number | undefined): void {
    const at = this.depth - 1;
    this.opcodes[at] = opcode;
    this.setHeight((this.base[at] as number) + (values ?? (this.params[at] as number)));
  }

  adjust(pops: number, pushes: number): void {
    const base = this.base[this.depth - 1] as number;
    this.setHeight(Math.max(base, this.height - pops) + pushes);
  }

  /** After a branch the rest of the block never runs: its operands are gone. */
  dead(): void {
    this.height = this.base[this.depth - 1] as number;
  }

  private setHeight(height: number): void {
    this.height = height;
    if (height > this.heightMax) this.heightMax = height;
  }

  private grow(offset: number): void {
    checkLimit(this.limits, 'nestingMax', this.depth + 1, offset);
    const size = this.depth * 2;
    const larger = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const copy = new Int32Array(size);
      copy.set(old);
      return copy;
    };
    this.base = larger(this.base);
    this.params = larger(this.params);
    this.results = larger(this.results);
    this.loops = larger(this.loops);
    const opcodes = new Uint8Array(size);
    opcodes.set(this.opcodes);
    this.opcodes = opcodes;
  }

  /** @throws WasmError when a block is split by an operator that does not belong to it. */
  expect(allowed: readonly number[], what: string, offset: number): void {
    if (this.depth > 1 && allowed.includes(this.innermost)) return;
    throw new WasmError('malformed', `There is no open block that ${what} could belong to.`, { offset });
  }
}
