/**
 * `npm run bench -- fuzz --modules 100000`: compares random and mutated modules with themselves metered. Random ones
 * come from binaryen's generator, in batches of the process's own making; mutants are made of those and of the
 * kernels. Prints one line with the counts, and every difference with what is needed to see it again.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inspect, instantiate, refill, rewrite, used, WasmError } from '@tenon/wasm';
import { compare, type Engine, mutate, seeded, type Verdict } from '../../libs/wasm/test/support/differential.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    modules: { type: 'string', default: '5000' },
    random: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
  allowPositionals: true,
});

const engine: Engine = {
  inspect,
  rewrite,
  instantiate,
  refill,
  used,
  isWasmError: (error) => error instanceof WasmError,
};
const refusedFeatures = ['threads', 'shared-everything', 'relaxed-simd', 'strings', 'stack-switching', 'fp16'];
const unknownFeatures = ['custom-descriptors', 'relaxed-atomics', 'custom-page-sizes', 'wide-arithmetic', 'multibyte'];

function randomModules(count: number, random: () => number): Uint8Array[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'tenon-fuzz-'));
  const optimiser = path.join(import.meta.dirname, '../../node_modules/.bin/wasm-opt');
  const disabled = [...refusedFeatures, ...unknownFeatures].map((name) => `--disable-${name}`);
  const modules: Uint8Array[] = [];
  for (let at = 0; at < count; at++) {
    const input = Uint8Array.from({ length: 100 + Math.floor(random() * 3_000) }, () => Math.floor(random() * 256));
    const [from, to] = [path.join(folder, 'in'), path.join(folder, 'out.wasm')];
    writeFileSync(from, input);
    const exceptions = random() < 0.5 ? ['--emit-exnref'] : ['--disable-gc'];
    execFileSync(optimiser, ['-ttf', from, '-o', to, '--all-features', ...exceptions, ...disabled], {
      stdio: 'ignore',
    });
    modules.push(new Uint8Array(readFileSync(to)));
  }
  rmSync(folder, { recursive: true });
  return modules;
}

function kernels(): Uint8Array[] {
  const folder = path.join(import.meta.dirname, '../engine/kernels');
  const files = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  return files.map((name) => new Uint8Array(readFileSync(path.join(folder, name))));
}

const random = seeded(Number(values.seed));
const originals = randomModules(Number(values.random), random);
const pool = [...originals, ...kernels()];
const counts: Record<Verdict['kind'], number> = { same: 0, refused: 0, limited: 0, different: 0 };
let ran = 0;
let slowestMs = 0;

for (let at = 0; at < Number(values.modules); at++) {
  const base = pool[Math.floor(random() * pool.length)] ?? new Uint8Array(8);
  const bytes = at < originals.length ? (originals[at] ?? base) : mutate(base, random);
  const start = performance.now();
  const verdict = compare(engine, bytes);
  slowestMs = Math.max(slowestMs, performance.now() - start);
  counts[verdict.kind]++;
  if (verdict.kind === 'same' && verdict.ran) ran++;
  if (verdict.kind !== 'different') continue;
  const file = path.join(tmpdir(), `tenon-difference-${values.seed}-${at}.wasm`);
  writeFileSync(file, bytes);
  console.error(JSON.stringify({ file, ...verdict }));
}

const result = { modules: Number(values.modules), ...counts, ran, slowest_ms: Math.round(slowestMs) };
console.log(values.json ? JSON.stringify(result) : result);
process.exitCode = counts.different > 0 ? 1 : 0;
