import { readFileSync } from 'node:fs';
import path from 'node:path';
import { componentMemoryBytesMax, defaultExecutionLimits, type ExecutionRequest } from '@tenon/contracts';
import {
  build,
  type CompiledArtifact,
  compileArtifact,
  type Guest,
  instantiate,
  openArtifact,
  prepareGuest,
  rewrite,
  used,
} from '@tenon/wasm';
import { type KernelResult, lowDecile, median } from './kernel-bench.ts';

const folder = path.join(import.meta.dirname, '../../examples');

/** One command per language; the JavaScript component and its twin have a bench of their own below. */
const commands = [
  ['rust', 'volume-discount'],
  ['assemblyscript', 'volume-discount-assemblyscript'],
  ['c', 'volume-discount-c'],
] as const;

const warmupMs = 400;
const fuel = 10n ** 12n;

/** Just enough of WASI for the examples, the same for both sides, so that only the guests' code differs. */
function tinyWasi(input: Uint8Array): {
  readonly imports: WebAssembly.Imports;
  begin(memory: unknown): void;
  output(): string;
} {
  let memory = new WebAssembly.Memory({ initial: 0 });
  let read = 0;
  let written = '';
  const view = (): DataView => new DataView(memory.buffer);
  const buffers = (at: number, count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, i) => {
      const from = view().getUint32(at + i * 8, true);
      return new Uint8Array(memory.buffer, from, view().getUint32(at + i * 8 + 4, true));
    });
  const badDescriptor = (): number => 8;
  const functions = {
    fd_read: (_fd: number, at: number, count: number, total: number): number => {
      const before = read;
      for (const buffer of buffers(at, count)) {
        const chunk = input.subarray(read, read + buffer.length);
        buffer.set(chunk);
        read += chunk.length;
      }
      view().setUint32(total, read - before, true);
      return 0;
    },
    fd_write: (fd: number, at: number, count: number, total: number): number => {
      let bytes = 0;
      for (const buffer of buffers(at, count)) {
        bytes += buffer.length;
        if (fd === 1) written += Buffer.from(buffer).toString();
      }
      view().setUint32(total, bytes, true);
      return 0;
    },
    environ_sizes_get: (count: number, bytes: number): number => {
      view().setUint32(count, 0, true);
      view().setUint32(bytes, 0, true);
      return 0;
    },
    environ_get: (): number => 0,
    proc_exit: (code: number): never => {
      throw new Error(`the example exited with ${code}`);
    },
    fd_close: badDescriptor,
    fd_seek: badDescriptor,
    fd_fdstat_get: badDescriptor,
    fd_prestat_get: badDescriptor,
    fd_prestat_dir_name: badDescriptor,
  };
  return {
    imports: { wasi_snapshot_preview1: functions },
    begin: (fresh) => {
      if (fresh instanceof WebAssembly.Memory) memory = fresh;
      read = 0;
      written = '';
    },
    output: () => written,
  };
}

interface Pair {
  readonly plain: () => unknown;
  readonly metered: () => unknown;
}

/** Runs both by turns, so that noise of the machine falls on both. */
function compare({ plain, metered }: Pair, rounds: number): { readonly plain: number[]; readonly metered: number[] } {
  const warmUntil = performance.now() + warmupMs;
  while (performance.now() < warmUntil) {
    plain();
    metered();
  }
  const times = { plain: [] as number[], metered: [] as number[] };
  const time = (run: () => unknown, into: number[]): void => {
    const start = performance.now();
    run();
    into.push(performance.now() - start);
  };
  for (let i = 0; i < rounds; i += 1) {
    time(plain, times.plain);
    time(metered, times.metered);
  }
  return times;
}

function commandKernel(language: string, name: string, rounds: number): KernelResult {
  const bytes = new Uint8Array(readFileSync(path.join(folder, name, 'volume-discount.wasm')));
  const wasi = tinyWasi(readFileSync(path.join(folder, name, 'input.json')));
  const rewritten = rewrite(bytes, { customSections: 'drop' });
  const modules = { plain: new WebAssembly.Module(bytes), metered: new WebAssembly.Module(rewritten.bytes) };
  let last: WebAssembly.Instance | undefined;
  const run = (instance: WebAssembly.Instance): string => {
    last = instance;
    wasi.begin(instance.exports.memory);
    const start = instance.exports._start;
    if (typeof start === 'function') start();
    return wasi.output();
  };
  const plain = (): string => run(new WebAssembly.Instance(modules.plain, wasi.imports));
  const metered = (): string => run(instantiate(modules.metered, wasi.imports, { fuel }));
  if (plain() !== metered() || last === undefined) throw new Error(`${name}: metering changed the result`);
  const instructions = Number(used(last).instructions);
  const times = compare({ plain, metered }, rounds);
  const [plainMs, meteredMs] = [lowDecile(times.plain), lowDecile(times.metered)];
  return {
    name: `example-${language}`,
    plainMs,
    meteredMs,
    overhead: meteredMs / plainMs,
    sizeGrowth: rewritten.bytes.length / bytes.length,
    instructions,
  };
}

/** The examples of each language as kernels: a fresh instance and one run each. */
export function exampleKernels(rounds: number): KernelResult[] {
  return commands.map(([language, name]) => commandKernel(language, name, rounds));
}

/** What jco makes of a component, without metering. */
async function plainModules(component: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> {
  const { $init, generate } = await import('@bytecodealliance/jco-transpile/component');
  await $init;
  const options = { name: 'component', instantiation: { tag: 'sync' }, base64Cutoff: 0, noTypescript: true } as const;
  return new Map(generate(component, options).files);
}

function request(input: string): ExecutionRequest {
  const limits = { ...defaultExecutionLimits, memoryBytesMax: componentMemoryBytesMax };
  return { input, limits, clockMs: 0, seed: '00'.repeat(32) };
}

/** The JavaScript component, as a sandbox runs it: all core modules fresh, glue, run. */
export async function componentBench(
  rounds: number,
): Promise<{ readonly kernel: KernelResult; readonly p50Ms: number }> {
  const bytes = new Uint8Array(readFileSync(path.join(folder, 'shipping-rule/shipping-rule.wasm')));
  const result = await build(bytes);
  if (result.status !== 'ready') throw new Error('the JavaScript component was not built');
  const compiled = compileArtifact(openArtifact(result.artifact));
  const plainBytes = await plainModules(bytes);
  // The same glue and host around the modules as they were: what is left of the difference is metering.
  const twin: CompiledArtifact = {
    ...compiled,
    modules: compiled.modules.map((core) => ({
      ...core,
      module: new WebAssembly.Module(plainBytes.get(core.name) ?? new Uint8Array(0)),
    })),
  };
  const input = readFileSync(path.join(folder, 'shipping-rule/input.json'), 'utf8');
  const run = (guest: Guest) => guest.run(request(input));
  const [metered, plain] = [prepareGuest(compiled), prepareGuest(twin)];
  const first = run(metered);
  if (first.outcome !== 'succeeded' || run(plain).output !== first.output) throw new Error(first.message);
  const times = compare({ plain: () => run(plain), metered: () => run(metered) }, rounds);
  const [plainMs, meteredMs] = [lowDecile(times.plain), lowDecile(times.metered)];
  const kernel = {
    name: 'component-javascript',
    plainMs,
    meteredMs,
    overhead: meteredMs / plainMs,
    sizeGrowth: 1 + result.report.meteringBytesAdded / bytes.length,
    instructions: first.instructionsUsed,
  };
  return { kernel, p50Ms: median(times.metered) };
}
