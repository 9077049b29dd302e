import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { componentMemoryBytesMax } from '@tenon/contracts';
import { build } from '@tenon/wasm';
import { z } from 'zod';
import { guestOf, ready, request } from './abi/support/run-guest.js';

const folder = path.join(import.meta.dirname, '../../../examples');

const examples = z
  .array(
    z.object({
      name: z.string(),
      language: z.string(),
      path: z.string(),
      abi: z.enum(['wasi-command', 'component', 'extism']).optional(),
      extensionPoint: z.string(),
      input: z.string().optional(),
      output: z.string().optional(),
      outcome: z.string().optional(),
      rejection: z.string().optional(),
    }),
  )
  .parse(JSON.parse(await readFile(path.join(folder, 'index.json'), 'utf8')));

const read = (file: string): Promise<Buffer> => readFile(path.join(folder, file));

describe.each(examples.filter(({ output }) => output !== undefined))(
  '$name',
  ({ path: file, abi, language, input, output }) => {
    test('is recognised for what it is', async () => {
      expect((await ready(await read(file))).report).toMatchObject({ abi, language });
    });

    test('gives its expected output under the default limits, the same every time', async () => {
      const guest = await guestOf(await read(file));
      const memoryBytesMax = abi === 'component' ? { memoryBytesMax: componentMemoryBytesMax } : {};
      const text = await readFile(path.join(folder, input ?? ''), 'utf8');
      const first = guest.run(request(text, { limits: memoryBytesMax }));
      expect(first.message).toBe('The function returned an output.');
      expect(JSON.parse(first.output ?? '')).toEqual(
        JSON.parse(await readFile(path.join(folder, output ?? ''), 'utf8')),
      );
      expect(guest.run(request(text, { limits: memoryBytesMax }))).toEqual(first);
      expect((await guestOf(await read(file))).run(request(text, { limits: memoryBytesMax }))).toEqual(first);
    });
  },
);

test.each(examples.filter(({ outcome }) => outcome !== undefined))(
  '$name ends as $outcome',
  async ({ path: file, outcome }) => {
    expect((await guestOf(await read(file))).run(request('{}')).outcome).toBe(outcome);
  },
);

test.each(examples.filter(({ rejection }) => rejection !== undefined))(
  '$name is rejected as $rejection',
  async ({ path: file, rejection }) => {
    expect(await build(await read(file))).toMatchObject({ status: 'rejected', rejection: { code: rejection } });
  },
);
