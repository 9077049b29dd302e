/**
 * Bundles the sandbox process into one folder per role, because its permission model lets a process read one folder.
 * Files are written beside their place and renamed, so that a process that starts meanwhile never reads half of one.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';

/** Each role's files, by the name under which they are started. */
const entries = {
  run: { main: 'main', 'guest-thread': 'guest-thread', 'compile-thread': 'compile-thread' },
  build: { main: 'build-main' },
};

/** Zod brings its sentences in fifty languages; a sandbox speaks to programs only. */
const oneLocale = {
  name: 'one-locale',
  setup(plugin) {
    plugin.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/**
 * The component tools are WebAssembly that wants WASI. They get the shim that jco made for browsers, which has no file,
 * no socket and no process behind it, instead of the one for Node, which has them all.
 */
const browserShim = {
  name: 'browser-shim',
  setup(plugin) {
    plugin.onResolve({ filter: /^@bytecodealliance\/preview2-shim\// }, ({ path: wanted, importer }) => {
      const main = createRequire(importer).resolve('@bytecodealliance/preview2-shim');
      const dist = main.slice(0, main.lastIndexOf(`${path.sep}dist${path.sep}`));
      return { path: path.join(dist, 'dist/browser', `${wanted.split('/').at(-1)}.js`) };
    });
  },
};

/**
 * Our libraries do nothing when they are loaded, so a module from which nothing is used can be left out. Without this a
 * guest thread held every schema of the contracts and all of Zod, 3 MB of the 8 that each collection of its heap marks.
 */
const unusedLeftOut = {
  name: 'unused-left-out',
  setup(plugin) {
    plugin.onResolve({ filter: /^(@tenon\/|\.)/ }, async ({ path: wanted, pluginData, ...from }) => {
      if (pluginData === unusedLeftOut) return undefined;
      const resolved = await plugin.resolve(wanted, { ...from, pluginData: unusedLeftOut });
      const isLibrary = /\/libs\/\w+\/src\//.test(resolved.path);
      return isLibrary ? { ...resolved, pluginData: undefined, sideEffects: false } : undefined;
    });
  },
};

/** Each thread's script by itself: in one build, esbuild gives all of them what any of them needs. */
async function bundleRole(root, role) {
  const files = await Promise.all(Object.entries(entries[role]).map((entry) => bundleEntry(root, role, entry)));
  return files.flat();
}

async function bundleEntry(root, role, [out, name]) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [{ in: `apps/sandbox/src/${name}.ts`, out }],
    outdir: 'bundle',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    conditions: ['source'],
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [oneLocale, browserShim, unusedLeftOut],
    // A dynamic import is bundled even where nothing is left that calls it; only builds may have the component tools.
    external: role === 'build' ? [] : ['@bytecodealliance/*'],
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const scripts = result.outputFiles.map(({ path: file, contents }) => ({ name: path.basename(file), contents }));
  return [...scripts, ...(await wasmBeside(root, Object.keys(result.metafile.inputs)))];
}

/** The component tools load their WebAssembly from beside their script, so it moves with the script. */
async function wasmBeside(root, inputs) {
  const vendor = inputs.find((input) => input.endsWith('vendor/js-component-bindgen-component.js'));
  if (vendor === undefined) return [];
  const folder = path.dirname(path.join(root, vendor));
  const names = ['js-component-bindgen-component.core.wasm', 'js-component-bindgen-component.core2.wasm'];
  return Promise.all(names.map(async (name) => ({ name, contents: await readFile(path.join(folder, name)) })));
}

async function writeFiles(folder, files) {
  await mkdir(folder, { recursive: true });
  for (const { name, contents } of files) {
    const temporary = path.join(folder, `.${name}.${process.pid}`);
    await writeFile(temporary, contents);
    await rename(temporary, path.join(folder, name));
  }
  const wanted = new Set(files.map(({ name }) => name));
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.') && !wanted.has(name)) await rm(path.join(folder, name), { force: true });
  }
}

async function bundleAll(root) {
  return Promise.all(Object.keys(entries).map(async (role) => ({ role, files: await bundleRole(root, role) })));
}

/** Writes `apps/sandbox/dist/bundle/<role>/`. */
export async function bundleSandboxProcess(root) {
  for (const { role, files } of await bundleAll(root)) {
    await writeFiles(path.join(root, 'apps/sandbox/dist/bundle', role), files);
  }
}

/**
 * Writes the bundle into a folder named after its contents, unless it is there: tests that run at the same time share
 * it. @returns the folder.
 */
export async function bundleSandboxProcessOnce(root, cacheFolder) {
  const bundles = await bundleAll(root);
  const hash = createHash('sha256');
  for (const { files } of bundles) for (const { name, contents } of files) hash.update(name).update(contents);
  const folder = path.join(cacheFolder, hash.digest('hex').slice(0, 16));
  for (const { role, files } of bundles) await writeOnce(path.join(folder, role), files);
  const now = new Date();
  await utimes(folder, now, now);
  await removeOld(cacheFolder);
  return folder;
}

const dayMs = 24 * 60 * 60 * 1_000;

/** Bundles of earlier sources; a day is longer than any test that still runs. */
async function removeOld(cacheFolder) {
  for (const name of await readdir(cacheFolder)) {
    const folder = path.join(cacheFolder, name);
    // Another test process may be removing the same one.
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > dayMs) await rm(folder, { recursive: true, force: true });
  }
}

async function writeOnce(folder, files) {
  const temporary = `${folder}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  for (const { name, contents } of files) await writeFile(path.join(temporary, name), contents);
  try {
    await rename(temporary, folder);
  } catch {
    // Another process was first; its files are the same.
    await rm(temporary, { recursive: true, force: true });
  }
}
