/**
 * Generates the Prisma client into libs/database/src/generated, unless it already fits the schema and Prisma's version.
 * The client needs no engine of Prisma's, but its command-line tool looks for one and would download it; it only asks
 * whether the file is there, so any program will do.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const schema = path.join(root, 'prisma/schema.prisma');
const output = path.join(root, 'libs/database/src/generated');
const stamp = path.join(output, '.stamp');

async function wantedStamp() {
  const manifest = JSON.parse(await readFile(path.join(root, 'node_modules/prisma/package.json'), 'utf8'));
  return createHash('sha256')
    .update(`${manifest.version}\n`)
    .update(await readFile(schema))
    .digest('hex');
}

/** Brings the generated client up to date. @returns whether it had to be generated. */
export async function generate() {
  const wanted = await wantedStamp();
  const found = await readFile(stamp, 'utf8').catch(() => '');
  if (found.trim() === wanted) return false;
  await promisify(execFile)(
    process.execPath,
    [path.join(root, 'node_modules/prisma/build/index.js'), 'generate', '--schema', schema],
    {
      cwd: root,
      timeout: 120_000,
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
    },
  );
  await mkdir(output, { recursive: true });
  await writeFile(stamp, `${wanted}\n`);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await generate()) ? 'Prisma client generated.' : 'Prisma client is up to date.');
}
