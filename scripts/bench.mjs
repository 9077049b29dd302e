/** `npm run bench -- <suite> [--json] [arguments]`: builds, then runs one suite of bench/. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap, Refusal, root } from './bootstrap.mjs';

function suites() {
  const entries = readdirSync(path.join(root, 'bench'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(path.join(root, 'bench', entry.name, 'main.ts')))
    .map((entry) => entry.name);
}

await bootstrap(fileURLToPath(import.meta.url), async ([name, ...args]) => {
  if (name === undefined || !suites().includes(name)) {
    throw new Refusal(`name a suite: npm run bench -- <${suites().join(' | ')}> [--json]`);
  }
  const { build } = await import('./build.mjs');
  await build();
  const { runNode } = await import('./checks.mjs');
  const code = await runNode(['--no-warnings=ExperimentalWarning', path.join(root, 'bench', name, 'main.ts'), ...args]);
  process.exitCode = code;
});
