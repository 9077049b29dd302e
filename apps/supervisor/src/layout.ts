import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout: this file is apps/supervisor/{src,dist}/layout. */
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
/** Another folder lets several run side by side, as tests do. */
const state = path.resolve(root, process.env.TENON_STATE_DIR || '.tenon');

/** Where things are, as absolute paths. */
export const layout = {
  root,
  /** Everything that `npm start` keeps between starts; deleting it starts afresh. */
  state,
  logs: path.join(state, 'logs'),
  data: path.join(state, 'data'),
  devFile: path.join(state, 'dev.json'),
  secretsFile: path.join(state, 'secrets.json'),
  processesFile: path.join(state, 'processes.json'),
  examples: path.join(root, 'examples'),
  entry: (app: 'api' | 'worker') => path.join(root, 'apps', app, 'dist/main.js'),
} as const;
