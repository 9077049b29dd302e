import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { importMemory, instantiate, MemoryShelf, refill, rewrite, used } from '@tenon/wasm';
import { geomean, kernelFiles, median } from './kernel-bench.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Real modules of some size: what toolchains in `examples/` made, and AssemblyScript's own optimiser. */
function moduleFiles(): string[] {
  const found: string[] = [];
  for (const folder of ['examples', 'node_modules/@bytecodealliance/jco-transpile']) {
    const at = path.join(root, folder);
    if (!existsSync(at)) continue;
    for (const name of readdirSync(at, { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.wasm')) found.push(path.join(at, name));
    }
  }
  return found;
}

function isCoreModule(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[4] === 1;
}

/** Throughput over the largest modules at hand, each rewritten several times; growth over all of them. */
export function rewriteBench(): { megabytesPerSecond: number; sizeGrowthGeomean: number } {
  const modules = [...moduleFiles(), ...kernelFiles()].map((file) => new Uint8Array(readFileSync(file)));
  // What metering adds to every module, some 700 bytes, drowns everything else in modules smaller than this.
  const core = modules.filter((bytes) => isCoreModule(bytes) && bytes.length > 8_000);
  const growth = core.map(
    (bytes) => rewrite(bytes, { limits: { moduleBytesMax: bytes.length } }).bytes.length / bytes.length,
  );
  const large = core.toSorted((a, b) => b.length - a.length).slice(0, 3);
  const speeds = large.map((bytes) => {
    const times: number[] = [];
    for (let round = 0; round < 7; round++) {
      const start = performance.now();
      rewrite(bytes);
      times.push(performance.now() - start);
    }
    return bytes.length / 1000 / median(times);
  });
  return { megabytesPerSecond: geomean(speeds), sizeGrowthGeomean: geomean(growth) };
}

interface Times {
  readonly p50: number;
  readonly p99: number;
}

/**
 * A fresh instance and a small run of it, as one event costs: microseconds. `supplied` is what a sandbox does, which
 * gives an instance the cleared memory of an earlier one of the same owner; with `own` the instance brings a memory of
 * its own, which is mostly the engine's reservation of address space and page faults.
 */
export function instantiateBench(): { readonly supplied: Times; readonly own: Times } {
  const file = kernelFiles().find((name) => name.endsWith('json.wasm')) ?? '';
  const { bytes } = rewrite(new Uint8Array(readFileSync(file)));
  const env = { abort: () => undefined };
  const pages = { pagesMin: 1 };
  const shelf = new MemoryShelf();
  const supplied = new WebAssembly.Module(importMemory(bytes, pages));
  const own = new WebAssembly.Module(bytes);
  return {
    supplied: timesOf(() => {
      const memory = shelf.take('bench', pages);
      runOnce(supplied, { env, $tenon: { memory } });
      shelf.give('bench', memory, pages);
    }),
    own: timesOf(() => runOnce(own, { env })),
  };
}

function runOnce(module: WebAssembly.Module, imports: WebAssembly.Imports): void {
  const instance = instantiate(module, imports, { fuel: 1_000_000 });
  const once = instance.exports.once;
  if (typeof once === 'function') once();
  refill(instance, 1_000);
  used(instance);
}

/** Of a process that runs such code all day: the first rounds run the host's own side unoptimised. */
function timesOf(run: () => void): Times {
  for (let round = 0; round < 1_000; round++) run();
  const times: number[] = [];
  for (let round = 0; round < 4_000; round++) {
    const start = performance.now();
    run();
    times.push((performance.now() - start) * 1000);
  }
  times.sort((a, b) => a - b);
  return { p50: times[times.length >> 1] ?? 0, p99: times[Math.floor(times.length * 0.99)] ?? 0 };
}
