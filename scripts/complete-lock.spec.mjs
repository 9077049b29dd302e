import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { missingOptionalPackages } from './complete-lock.mjs';

it('package-lock.json lists the packages of every platform, without which npm ci refuses it', async () => {
  const lock = JSON.parse(await readFile(new URL('../package-lock.json', import.meta.url), 'utf8'));
  expect(missingOptionalPackages(lock).map(({ name }) => name)).toEqual([]);
});

it('finds an optional package beside its parent or further up', () => {
  const packages = {
    '': {},
    'node_modules/a': { optionalDependencies: { 'a-linux-x64': '1.0.0', 'a-darwin-x64': '1.0.0' } },
    'node_modules/a-linux-x64': {},
    'node_modules/b/node_modules/a': { optionalDependencies: { 'a-linux-x64': '2.0.0', 'a-win32-x64': '2.0.0' } },
    'node_modules/b/node_modules/a-win32-x64': {},
  };
  expect(missingOptionalPackages({ packages }).map(({ name }) => name)).toEqual(['a-darwin-x64']);
});
