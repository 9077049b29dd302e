import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { splitLines } from '../src/line-splitter.js';
import { showLogLine } from '../src/log-line.js';
import { RotatingLog } from '../src/rotating-log.js';

describe('splitLines', () => {
  it('finds the same lines however the text is cut into chunks', () => {
    const lineText = fc.stringMatching(/^[a-z ]{1,20}$/);
    fc.assert(
      fc.property(fc.array(lineText, { maxLength: 20 }), fc.array(fc.nat(40)), (lines, cuts) => {
        const found: string[] = [];
        const take = splitLines((line) => found.push(line));
        let rest = lines.map((line) => `${line}\n`).join('');
        for (const cut of cuts) {
          take(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        take(rest);
        expect(found).toEqual(lines);
      }),
    );
  });

  it('holds no more than a bounded part of a line that never ends', () => {
    const found: string[] = [];
    const take = splitLines((line) => found.push(line));
    for (let chunk = 0; chunk < 100; chunk += 1) take('x'.repeat(1_000));
    expect(found[0]).toHaveLength(64_000);
  });
});

describe('showLogLine', () => {
  it.each([
    ['{"level":"info","msg":"ready","context":"Nest"}', { text: 'info  Nest: ready', important: false }],
    ['{"level":"warn","msg":"slow"}', { text: 'warn  slow', important: true }],
    ['{"level":"error","msg":"failed","err":{"message":"why"}}', { text: 'error failed (why)', important: true }],
    ['FATAL: something else', { text: 'FATAL: something else', important: true }],
    ['{"level":', { text: '{"level":', important: true }],
  ])('shows %s', (line, shown) => {
    expect(showLogLine(line)).toEqual(shown);
  });
});

describe('RotatingLog', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tenon-log-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('never takes more than twice its size on disk, and keeps the newest lines', async () => {
    const file = path.join(folder, 'api.log');
    const log = new RotatingLog(file, 1_000);
    for (let line = 0; line < 500; line += 1) log.write(`line ${line}`);
    expect((await stat(file)).size + (await stat(`${file}.1`)).size).toBeLessThanOrEqual(2_000);
    expect(await readFile(file, 'utf8')).toMatch(/line 499\n$/);
  });

  it('goes on in the file of an earlier start', async () => {
    const file = path.join(folder, 'api.log');
    new RotatingLog(file).write('before');
    new RotatingLog(file).write('after');
    expect(await readFile(file, 'utf8')).toBe('before\nafter\n');
  });
});
