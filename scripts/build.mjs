/**
 * Compiles every workspace's `src/` into its `dist/` with swc, copies what is not TypeScript (Lua, SQL, JSON), and
 * bundles the sandbox process into a folder of its own, because the permission model lets that process read one folder.
 * Only files that changed since the last build are compiled again.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from './generate.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

async function workspaces() {
  const groups = await Promise.all(
    ['apps', 'libs'].map(async (group) => {
      const names = await readdir(path.join(root, group), { withFileTypes: true });
      return names.filter((entry) => entry.isDirectory()).map((entry) => path.join(root, group, entry.name));
    }),
  );
  return groups.flat().filter((folder) => existsSync(path.join(folder, 'package.json')));
}

async function modifiedMs(file) {
  try {
    return (await stat(file)).mtimeMs;
  } catch {
    return 0;
  }
}

async function compileWorkspace(folder, swc) {
  const src = path.join(folder, 'src');
  const dist = path.join(folder, 'dist');
  if (!existsSync(src)) return 0;
  const wanted = new Set();
  let compiled = 0;
  for (const entry of await readdir(src, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = path.join(entry.parentPath, entry.name);
    const relative = path.relative(src, from);
    if (relative.endsWith('.d.ts')) continue;
    const to = path.join(dist, relative.replace(/\.ts$/, '.js'));
    wanted.add(to);
    if ((await modifiedMs(to)) >= (await modifiedMs(from))) continue;
    await mkdir(path.dirname(to), { recursive: true });
    // Written aside and renamed: another build, or a test that imports the file, never sees half of it.
    const draft = `${to}.${process.pid}`;
    if (from.endsWith('.ts')) {
      const { code } = await swc.transformFile(from, { swcrc: true, root, filename: from });
      await writeFile(draft, code);
    } else {
      await copyFile(from, draft);
    }
    await rename(draft, to);
    compiled += 1;
  }
  await removeStale(dist, wanted);
  return compiled;
}

/** A deleted source must not live on as a compiled file that something still imports. */
async function removeStale(dist, wanted) {
  if (!existsSync(dist)) return;
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const isDraft = /\.\d+$/.test(entry.name);
    if (entry.isFile() && !wanted.has(file) && !isDraft && !file.includes(`${path.sep}bundle${path.sep}`)) {
      await rm(file, { force: true });
    }
  }
}

async function bundleSandbox() {
  const entry = path.join(root, 'apps/sandbox/bundle.mjs');
  if (!existsSync(entry)) return;
  const { bundleSandboxProcess } = await import(entry);
  await bundleSandboxProcess(root);
}

/** Brings the `dist/` of one workspace up to date, such as `libs/devstack`. @returns how many files were compiled. */
export async function buildWorkspace(folder) {
  return compileWorkspace(path.join(root, folder), await import('@swc/core'));
}

/** Brings every `dist/` up to date. @returns how many files were compiled. */
export async function build() {
  await generate();
  const swc = await import('@swc/core');
  let compiled = 0;
  for (const folder of await workspaces()) compiled += await compileWorkspace(folder, swc);
  await bundleSandbox();
  return compiled;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now();
  const compiled = await build();
  const source = await readFile(path.join(root, 'package.json'), 'utf8');
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`Tenon ${JSON.parse(source).version}: build is up to date, ${compiled} files compiled (${seconds} s)`);
}
