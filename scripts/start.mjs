/** `npm start`: installs what is missing, builds, and hands over to the supervisor. */
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap(fileURLToPath(import.meta.url), async (args) => {
  const { build } = await import('./build.mjs');
  const compiled = await build();
  if (compiled > 0) console.log(`Tenon: ${compiled} files compiled`);
  const { main } = await import(pathToFileURL(path.join(root, 'apps/supervisor/dist/main.js')).href);
  // Whatever a library still keeps open has no say in when we end.
  process.exit(await main(args));
});
