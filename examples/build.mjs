/**
 * Builds the examples again from their sources: `npm run examples:build [name…]`. The built modules are committed, so
 * nobody needs the toolchains to try Tenon; whoever changes a source does. What a missing toolchain leaves unbuilt is
 * said, and makes the command fail.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);

function run(folder, command, args, environment = {}) {
  execFileSync(command, args, {
    cwd: path.join(here, folder),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function bin(name) {
  return path.join(root, 'node_modules/.bin', name);
}

function inTemporaryFolder(work) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tenon-example-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rust(folder, output, target = 'wasm32-wasip1') {
  // Cargo names a library after its crate with underscores, and a command as it is written.
  const crate = path.basename(output, '.wasm').replaceAll('-', target === 'wasm32-wasip1' ? '-' : '_');
  inTemporaryFolder((targetFolder) => {
    const args = ['build', '--release', '--locked', '--target', target, '--target-dir', targetFolder];
    run(folder, 'cargo', args, { RUSTFLAGS: `--remap-path-prefix=${process.env.HOME}=/home` });
    copyFileSync(path.join(targetFolder, target, 'release', `${crate}.wasm`), path.join(here, folder, output));
  });
}

async function wat(folder, name) {
  const { parse } = await import('@bytecodealliance/jco');
  const source = await readFile(path.join(here, folder, `${name}.wat`), 'utf8');
  writeFileSync(path.join(here, folder, `${name}.wasm`), await parse(source));
}

const examples = {
  'volume-discount': {
    needs: 'Rust with its target wasm32-wasip1 (rustup target add wasm32-wasip1)',
    output: 'volume-discount.wasm',
    build: (folder, output) => rust(folder, output),
  },
  'volume-discount-assemblyscript': {
    needs: 'nothing but npm install',
    output: 'volume-discount.wasm',
    build: (folder, output) =>
      run(folder, bin('asc'), [
        ...['volume-discount.ts', '-o', output, '-Os', '--debug', '--runtime', 'minimal'],
        ...['--exportStart', '_start', '--use', 'abort=wasi/abort'],
      ]),
  },
  'volume-discount-c': {
    needs: 'clang, lld, wasi-libc and libclang-rt-dev-wasm32 (Debian packages)',
    output: 'volume-discount.wasm',
    build: (folder, output) =>
      run(folder, 'clang', [
        ...['--target=wasm32-wasi', '--sysroot=/usr', '-Os', '-flto', '-Wall', '-Werror', '-Wl,--strip-debug'],
        ...['-o', output, 'volume-discount.c'],
      ]),
  },
  'volume-discount-go': {
    needs: 'Go 1.21 or newer',
    output: 'volume-discount.wasm',
    build: (folder, output) =>
      run(folder, 'go', ['build', '-trimpath', '-ldflags=-s -w', '-o', output, '.'], {
        GOOS: 'wasip1',
        GOARCH: 'wasm',
      }),
  },
  'shipping-rule': {
    needs: 'nothing but npm install',
    output: 'shipping-rule.wasm',
    build: (folder, output) =>
      run(folder, bin('componentize-qjs'), [
        ...['--wit', 'world.wit', '--js', 'shipping-rule.js', '--output', output],
        ...['--sync', '--opt-size', '--minify'],
      ]),
  },
  'extism-greeting': {
    needs: 'Rust with its target wasm32-unknown-unknown (rustup target add wasm32-unknown-unknown)',
    output: 'extism-greeting.wasm',
    build: (folder, output) => rust(folder, output, 'wasm32-unknown-unknown'),
  },
  'endless-loop': {
    needs: 'nothing but npm install',
    output: 'endless-loop.wasm',
    build: (folder) => wat(folder, 'endless-loop'),
  },
  'unknown-import': {
    needs: 'nothing but npm install',
    output: 'unknown-import.wasm',
    build: (folder) => wat(folder, 'unknown-import'),
  },
};

async function buildOne(name) {
  const { needs, output, build } = examples[name];
  try {
    await build(name, output);
    console.log(`${name}: ${statSync(path.join(here, name, output)).size} bytes`);
    return true;
  } catch (error) {
    const missing = error.code === 'ENOENT' ? `${error.path} was not found` : error.message;
    console.error(`${name}: NOT BUILT: ${missing}. It needs ${needs}.`);
    return false;
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in examples));
if (unknown.length > 0) {
  console.error(`no such example: ${unknown.join(', ')}; there are ${Object.keys(examples).join(', ')}`);
  process.exit(2);
}
const built = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(examples)) built.push(await buildOne(name));
process.exitCode = built.every(Boolean) ? 0 : 1;
