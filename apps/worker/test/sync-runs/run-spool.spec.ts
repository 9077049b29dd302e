import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RunSpool } from '../../src/sync-runs/run-spool.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenon-spool-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Larger than any process number. */
const goneProcess = 2 ** 30;
const leftFile = (name = `${hostname()}-${goneProcess}-1700000000000-1.runs`) => path.join(folder, name);

async function leftOvers(spool: RunSpool) {
  const found: string[][] = [];
  for await (const { lines } of spool.leftOvers()) found.push([...lines]);
  return found;
}

describe('the spool', () => {
  it('has a line on the disk when it says so', async () => {
    const spool = await RunSpool.open(folder);
    const place = await spool.append('{"a":1}');
    expect(await readFile(place.file, 'utf8')).toBe('{"a":1}\n');
    await spool.close();
  });

  it('drops a file when its lines are settled and it is closed, and keeps it otherwise', async () => {
    const spool = await RunSpool.open(folder);
    const places = await Promise.all(['1', '2', '3'].map((line) => spool.append(line)));
    for (const place of places.slice(1)) await spool.settle(place);
    await spool.close();
    expect(await readdir(folder)).toHaveLength(1);
    for (const place of places.slice(0, 1)) await spool.settle(place);
    expect(await readdir(folder)).toEqual([]);
  });

  it('keeps lines that come while others are being written, in other files, and all before it is closed', async () => {
    const spool = await RunSpool.open(folder);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const appended: Array<ReturnType<RunSpool['append']>> = [];
    for (let line = 0; line < 40; line += 1) {
      appended.push(spool.append(String(line)));
      await turn();
    }
    await spool.close();
    const places = await Promise.all(appended);
    const files = [...new Set(places.map(({ file }) => file))];
    expect(files.length).toBeLessThanOrEqual(3);
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    const kept = texts.flatMap((text) => text.trimEnd().split('\n'));
    expect(kept.sort()).toEqual(Array.from({ length: 40 }, (_, line) => String(line)).sort());
    for (const [line, place] of places.entries()) {
      expect(texts[files.indexOf(place.file)]?.split('\n')).toContain(String(line));
      await spool.settle(place);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('finds what a process left behind, without a line that was cut short', async () => {
    await writeFile(leftFile(), '{"a":1}\n{"b":2}\n{"c"');
    const spool = await RunSpool.open(folder);
    expect(await leftOvers(spool)).toEqual([['{"a":1}', '{"b":2}']]);
    await spool.close();
  });

  it('leaves a file alone that it can not read, rather than throwing away what is in it', async () => {
    await mkdir(leftFile());
    await writeFile(leftFile(`${hostname()}-${goneProcess}-1700000000000-2.runs`), 'x\n');
    const spool = await RunSpool.open(folder);
    const found: string[] = [];
    const look = async () => {
      for await (const { lines } of spool.leftOvers()) found.push(...lines);
    };
    await expect(look()).rejects.toThrow('EISDIR');
    expect(found).toEqual(['x']);
    expect(await readdir(folder)).toHaveLength(2);
    await spool.close();
  });

  it('finds what the process before it in the same container left, which had the same number', async () => {
    await writeFile(leftFile(`${hostname()}-${process.pid}-1700000000000-1.runs`), 'x\n');
    const spool = await RunSpool.open(folder);
    expect(await leftOvers(spool)).toEqual([['x']]);
    await spool.close();
  });

  it('leaves files alone that belong to somebody: its own, and fresh ones of other hosts', async () => {
    await writeFile(leftFile('elsewhere-12-1700000000000-1.runs'), 'x\n');
    const spool = await RunSpool.open(folder);
    await spool.append('mine');
    expect(await leftOvers(spool)).toEqual([]);
    await spool.close();
  });

  it('says so where the disk refuses, for every line that it concerns, and goes on with a new file', async () => {
    const spool = await RunSpool.open(folder);
    const place = await spool.append('1');
    await place.handle.close();
    await expect(spool.append('2')).rejects.toThrow();
    const next = await spool.append('3');
    expect(next.file).not.toBe(place.file);
    await spool.close().catch(() => undefined);
  });
});
