/** `npm start`: installs what is missing, builds, and hands over to the supervisor. */
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bootstrap, Refusal, root } from './bootstrap.mjs';

await bootstrap(fileURLToPath(import.meta.url), async (args) => {
  // In a process of its own: the compilers and their helpers are gone once it has ended.
  const { runNode } = await import('./checks.mjs');
  if ((await runNode([path.join(root, 'scripts/build.mjs')])) !== 0) throw new Refusal('the build failed, see above.');
  const { main } = await import(pathToFileURL(path.join(root, 'apps/supervisor/dist/main.js')).href);
  // Whatever a library still keeps open has no say in when we end.
  process.exit(await main(args));
});
