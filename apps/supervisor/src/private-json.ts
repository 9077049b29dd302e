import { readFile, rename, writeFile } from 'node:fs/promises';
import type { z } from 'zod';

/** What the file holds; undefined where it is missing or not what `schema` says. */
export async function readPrivateJson<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Written aside and renamed, so that nobody reads half of it; only this user can read it at all. */
export async function writePrivateJson(file: string, value: unknown): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
