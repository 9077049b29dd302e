import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { instantiate, refill, rewrite, used } from '@tenon/wasm';

export interface KernelResult {
  readonly name: string;
  readonly plainMs: number;
  readonly meteredMs: number;
  /** Metered time as a multiple of the plain time. */
  readonly overhead: number;
  readonly sizeGrowth: number;
  readonly instructions: number;
}

type Run = () => unknown;

const fuel = 10n ** 15n;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/**
 * The value that a tenth of the samples stay below. On a machine with other work the rest are mostly other programs'
 * time: a run is never faster than it can be, and often slower.
 */
export function lowDecile(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 10)] ?? Number.NaN;
}

export function geomean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

export function kernelFiles(): string[] {
  const folder = path.join(import.meta.dirname, 'kernels');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.wasm'))
    .map((name) => path.join(folder, name));
}

function exported(instance: WebAssembly.Instance): Run {
  const run = instance.exports.run;
  if (typeof run !== 'function') throw new TypeError('a kernel exports run()');
  return run as Run;
}

function time(run: Run): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

const imports: WebAssembly.Imports = {
  env: {
    abort: () => {
      throw new Error('the kernel aborted');
    },
  },
};

/**
 * Runs one kernel plain and metered by turns, so that noise of the machine falls on both, and compares low deciles. Both
 * are warmed up until the optimising tier has had time to replace the baseline code.
 */
export function runKernel(file: string, rounds: number): KernelResult {
  const bytes = new Uint8Array(readFileSync(file));
  const rewritten = rewrite(bytes);
  const plain = exported(new WebAssembly.Instance(new WebAssembly.Module(bytes), imports));
  const meteredInstance = instantiate(new WebAssembly.Module(rewritten.bytes), imports);
  const metered = exported(meteredInstance);
  refill(meteredInstance, fuel);
  if (plain() !== metered()) throw new Error(`${file}: metering changed the result`);
  const instructions = Number(used(meteredInstance).instructions);
  const warmUntil = performance.now() + 400;
  while (performance.now() < warmUntil) {
    plain();
    metered();
  }
  const [plainMs, meteredMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    refill(meteredInstance, fuel);
    plainMs.push(time(plain));
    meteredMs.push(time(metered));
  }
  return {
    name: path.basename(file, '.wasm'),
    plainMs: lowDecile(plainMs),
    meteredMs: lowDecile(meteredMs),
    overhead: lowDecile(meteredMs) / lowDecile(plainMs),
    sizeGrowth: rewritten.bytes.length / bytes.length,
    instructions,
  };
}
