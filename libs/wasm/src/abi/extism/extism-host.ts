import { trapUncatchable } from '../../runtime/trap-uncatchable.js';
import type { AbiAnswer } from '../abi.js';
import type { HostMeter } from '../engine-port.js';
import type { GuestEnding } from '../host/guest-ending.js';
import type { RunState } from '../host/run-state.js';
import { costs } from './costs.js';
import { ExtismMemory } from './extism-memory.js';

/** Bytes of all variables of one run together; Extism's own default (`var_max_bytes`). */
const varBytesMax = 1_048_576;

const decoder = new TextDecoder();

/** The host side of an Extism plug-in for one thread; `begin` gives it the state of the next run. */
export class ExtismHost {
  memory = new ExtismMemory(() => undefined);
  #state: RunState | undefined;
  #meter: HostMeter | undefined;
  #output: { readonly offset: bigint; readonly length: bigint } | undefined;
  #error: string | undefined;
  #vars = new Map<string, Uint8Array>();
  #varBytes = 0;
  #inputView: DataView = new DataView(new ArrayBuffer(0));

  begin(state: RunState): void {
    this.#state = state;
    this.#meter = undefined;
    this.#output = undefined;
    this.#error = undefined;
    this.#vars = new Map();
    this.#varBytes = 0;
    this.#inputView = new DataView(state.input.buffer, state.input.byteOffset, state.input.length);
    this.memory = new ExtismMemory((bytes) => this.#reserve(bytes));
  }

  attach(meter: HostMeter): void {
    this.#meter = meter;
  }

  /** @throws Error when no run has begun, which would be a bug of ours. */
  get state(): RunState {
    if (this.#state === undefined) throw new Error('an Extism function was called outside of a run');
    return this.#state;
  }

  /** The input, for reading words of it. */
  get inputView(): DataView {
    return this.#inputView;
  }

  /** Charges work of the host's against the plug-in's limit. */
  charge(units: number): void {
    this.#meter?.charge(units);
  }

  /** Ends the run from inside a host call. */
  end(ending: GuestEnding): never {
    this.state.ending = ending;
    return trapUncatchable();
  }

  /** The text of a block, malformed UTF-8 replaced. */
  text(offset: bigint): string {
    const bytes = this.memory.block(offset);
    if (bytes === undefined) return '';
    this.charge(bytes.length);
    return decoder.decode(bytes);
  }

  /** A new block with these bytes. */
  put(bytes: Uint8Array): bigint {
    this.#chargeCopy(bytes.length);
    return this.memory.put(bytes);
  }

  /** What the plug-in named as its output is read when it has returned, as Extism does. */
  setOutput(offset: bigint, length: bigint): void {
    this.#output = { offset, length };
  }

  setError(offset: bigint): void {
    this.#error = offset === 0n ? undefined : this.text(offset);
  }

  getVar(name: string): bigint {
    const value = this.#vars.get(name);
    return value === undefined ? 0n : this.put(value);
  }

  /** Variables live as long as the run: every run starts with none. */
  setVar(name: string, value: Uint8Array | undefined): void {
    const before = this.#vars.get(name);
    if (before !== undefined) this.#varBytes -= name.length + before.length;
    this.#vars.delete(name);
    if (value === undefined) return;
    this.#varBytes += name.length + value.length;
    if (this.#varBytes > varBytesMax) {
      this.end({ kind: 'capability_denied', what: `more than ${varBytesMax} bytes of variables` });
    }
    this.#chargeCopy(value.length);
    this.memory.account(name.length + value.length);
    this.#vars.set(name, value.slice());
  }

  /** @param exitCode what the plug-in's function returned; 0 is success. */
  answer(exitCode: number): AbiAnswer {
    const error = this.#error;
    if (error !== undefined) return { kind: 'guest_error', error, ...(exitCode === 0 ? {} : { exitCode }) };
    if (exitCode !== 0) return { kind: 'exit_code', exitCode };
    if (this.#output !== undefined) this.#takeOutput(this.#output);
    return { kind: 'output' };
  }

  #chargeCopy(bytes: number): void {
    this.charge((bytes >>> 3) * costs.word);
  }

  #takeOutput({ offset, length }: { readonly offset: bigint; readonly length: bigint }): void {
    const { state } = this;
    const bytes = this.memory.range(offset, length);
    if (bytes === undefined) {
      state.ending = { kind: 'invalid_output', why: 'The output lies outside of the memory of the plug-in.' };
      return;
    }
    state.output.write(bytes);
    if (state.output.dropped > 0) state.ending = { kind: 'output_too_large', bytes: bytes.length };
  }

  #reserve(bytes: number): void {
    const total = this.#meter?.reserve(bytes) ?? 0;
    if (total > this.state.request.limits.memoryBytesMax) this.end({ kind: 'memory_limit', bytes: total });
  }
}
