/** Compiles every kernel with AssemblyScript; run it after a change and commit the result. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folder = path.join(import.meta.dirname, 'kernels');
const asc = path.join(import.meta.dirname, '../../node_modules/.bin/asc');
const flags = ['-O3', '--runtime', 'minimal', '--noExportMemory', '--enable', 'simd'];

// The compiler insists on its own file ending, which the project's type-check must not see.
const work = mkdtempSync(path.join(tmpdir(), 'tenon-kernels-'));
for (const file of readdirSync(folder).filter((name) => name.endsWith('.as'))) {
  const name = path.basename(file, '.as');
  copyFileSync(path.join(folder, file), path.join(work, `${name}.ts`));
  execFileSync(asc, [`${name}.ts`, ...flags, '-o', path.join(folder, `${name}.wasm`)], { cwd: work, stdio: 'inherit' });
}
rmSync(work, { recursive: true });
