/** The checks that are not tests: format and lint, types, and which folder may import which. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from './bootstrap.mjs';

const sourceFolders = ['apps', 'libs', 'bench'].filter((folder) => existsSync(path.join(root, folder)));

const checks = [
  {
    name: 'format and lint',
    script: 'node_modules/@biomejs/biome/bin/biome',
    args: ['check', '--error-on-warnings', '.'],
  },
  { name: 'types', script: 'node_modules/typescript/bin/tsc', args: ['--noEmit'] },
  {
    name: 'dependencies',
    script: 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    args: ['--config', '.dependency-cruiser.mjs', ...sourceFolders],
  },
];

/** Runs a script of ours or of a package under this Node. @returns its exit code. */
export function runNode(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    const pass = (signal) => child.kill(signal);
    process.once('SIGINT', pass);
    process.once('SIGTERM', pass);
    child.once('error', reject);
    child.once('exit', (code) => {
      process.removeListener('SIGINT', pass);
      process.removeListener('SIGTERM', pass);
      resolve(code ?? 1);
    });
  });
}

/** @returns how many checks passed and failed. All of them run, so that one look shows everything. */
export async function runChecks() {
  const counts = { passed: 0, failed: 0 };
  for (const check of checks) {
    const startedMs = performance.now();
    const code = await runNode([check.script, ...check.args]);
    counts[code === 0 ? 'passed' : 'failed'] += 1;
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${check.name} (${seconds} s)`);
  }
  return counts;
}
