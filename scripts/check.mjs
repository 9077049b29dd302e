/** `npm run check`: everything `npm test` checks before the tests. */
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';

await bootstrap(fileURLToPath(import.meta.url), async () => {
  const { generate } = await import('./generate.mjs');
  await generate();
  const { runChecks } = await import('./checks.mjs');
  const { failed } = await runChecks();
  process.exitCode = failed === 0 ? 0 : 1;
});
