import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');

interface BundleScript {
  bundleSandboxProcessOnce(root: string, cacheFolder: string): Promise<string>;
}

/** The sandbox process as the sources stand now, bundled once for all test files. @returns its folder. */
export async function sandboxBundle(): Promise<string> {
  const script = (await import(path.join(root, 'apps/sandbox/bundle.mjs'))) as BundleScript;
  return script.bundleSandboxProcessOnce(root, path.join(root, 'node_modules/.cache/tenon-sandbox'));
}
