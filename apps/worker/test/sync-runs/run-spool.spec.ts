import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '@tenon/testing';
import { RunSpool } from '../../src/sync-runs/run-spool.js';
import { createSegment } from '../../src/sync-runs/spool-segment.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenon-spool-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Larger than any process number. */
const goneProcess = 2 ** 30;
const leftFile = (name = `${hostname()}-${goneProcess}-1700000000000-1.runs`) => path.join(folder, name);

/** Without the zeros behind it. */
async function textOf(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).replace(/\0+$/, '');
}

async function leftOvers(spool: RunSpool) {
  const found: string[][] = [];
  for await (const { lines } of spool.leftOvers()) found.push([...lines]);
  return found;
}

describe('the spool', () => {
  it('has a line on the disk when it says so', async () => {
    const spool = await RunSpool.open(folder);
    const place = await spool.append('{"a":1}');
    expect(await textOf(place.file)).toBe('{"a":1}\n');
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
    const texts = await Promise.all(files.map(textOf));
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

  it('leaves its own files alone although the clock was set back to before it began', async () => {
    const spool = await RunSpool.open(folder);
    const clock = jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000);
    const place = await spool.append('{"a":1}');
    await spool.append('{"b":2}').finally(() => clock.mockRestore());
    expect(path.basename(place.file)).toContain('-1700000000000-');
    expect(await leftOvers(spool)).toEqual([]);
    expect(await textOf(place.file)).toContain('{"a":1}\n');
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

  /** Appends until a line comes to lie in a file of zeros. */
  async function appendedToZeros(spool: RunSpool) {
    let lines = 0;
    const place = await waitFor('a file of zeros', async () => {
      lines += 1;
      const at = await spool.append(`line ${lines}`);
      return at.zeroBytes > 0 ? at : undefined;
    });
    return { place, lines };
  }

  it('writes into files that have their length already, as soon as one is ready', async () => {
    const spool = await RunSpool.open(folder);
    const { place, lines } = await appendedToZeros(spool);
    const next = await spool.append('next');
    expect(next.file).toBe(place.file);
    const text = await readFile(place.file, 'utf8');
    expect(text).toHaveLength(place.zeroBytes);
    expect(text.replace(/\0+$/, '')).toBe(`line ${lines}\nnext\n`);
    await spool.close();
  });

  it('leaves no file behind that nobody wrote to', async () => {
    const spool = await RunSpool.open(folder);
    const { lines } = await appendedToZeros(spool);
    await spool.close();
    const texts = await Promise.all((await readdir(folder)).map((name) => textOf(path.join(folder, name))));
    expect(texts.every((text) => text !== '')).toBe(true);
    expect(texts.join('').trimEnd().split('\n')).toHaveLength(lines);
  });

  it('a file was left open and behind where its folder could not be synced', async () => {
    // Where a file of that folder lies is known from its name; the folder itself is not found.
    await expect(createSegment(`${folder}/missing/..`)).rejects.toThrow('ENOENT');
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes lines that are longer than a file of zeros', async () => {
    const spool = await RunSpool.open(folder);
    const { place } = await appendedToZeros(spool);
    const long = 'x'.repeat(place.zeroBytes + 1);
    expect(await textOf((await spool.append(long)).file)).toContain(`${long}\n`);
    await spool.close();
  });

  it('finds lines in a file of zeros, up to where its process or the power ended', async () => {
    // The disk need not have written the parts of the last write in their order.
    await writeFile(leftFile(), `{"a":1}\n{"b":2}\n{"c"\0\0\0\0":3}\n{"d":4}\n\0\0`);
    await writeFile(leftFile(`${hostname()}-${goneProcess}-1700000000000-2.runs`), '\0\0\0\0');
    const spool = await RunSpool.open(folder);
    expect((await leftOvers(spool)).toSorted()).toEqual([[], ['{"a":1}', '{"b":2}']]);
    expect(await readdir(folder)).toHaveLength(1);
    await spool.close();
  });

  it('finds what a process left whose number another one has now', async () => {
    // The process that began this one lives, and did not begin with the machine.
    const reused = leftFile(`${hostname()}-${process.ppid}.1-1700000000000-1.runs`);
    await writeFile(reused, 'x\n');
    const ofOldRelease = leftFile(`${hostname()}-${process.ppid}-1700000000000-2.runs`);
    await writeFile(ofOldRelease, 'y\n');
    const spool = await RunSpool.open(folder);
    expect(await leftOvers(spool)).toEqual([['x']]);
    await spool.close();
  });
});
