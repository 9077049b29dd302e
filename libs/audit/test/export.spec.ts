import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AuditRecord, emptyChain, entryLine, headerLine, linkAfter, verifyExport } from '@tenon/audit';
import { verifyCommand } from '../src/verify-command.js';

const draft = (target: string) => ({ actor: 'key_a', action: 'test.done', target, details: { n: 1.5, text: 'ü\n' } });
const records = linkAfter('tnt_a', emptyChain, ['a', 'b', 'c', 'd'].map(draft), { atMs: 1_700_000_000_000 });
const head = records.at(-1) ?? emptyChain;
const header = headerLine({
  chain: 'tnt_a',
  start: emptyChain,
  startsAtCheckpoint: true,
  head: { seq: head.seq, hash: head.hash },
  exportedAt: '2026-11-21T10:00:00.000Z',
});
const lines = records.map(entryLine);
const whole = [header, ...lines].join('');

async function* inChunks(text: string, bytes: number): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text);
  for (let from = 0; from < all.length; from += bytes) yield all.subarray(from, from + bytes);
}

const verify = (text: string, bytes = 64_000) => verifyExport(inChunks(text, bytes));
const changed = (place: number, change: (record: AuditRecord) => AuditRecord) =>
  [header, ...records.map((record, at) => entryLine(at === place ? change(record) : record))].join('');

describe('an export', () => {
  test.each([1, 7, 1_000_000])('verifies, read in pieces of %i bytes', async (bytes) => {
    expect(await verify(whole, bytes)).toMatchObject({ intact: true, entries: 4, verifiedTo: { seq: 4 } });
  });

  test('of a chain without entries verifies', async () => {
    const empty = header.replace(/"head":\{[^}]+\}/, `"head":${JSON.stringify(emptyChain)}`);
    expect(await verify(empty)).toMatchObject({ intact: true, entries: 0 });
  });

  test.each<[string, string, object]>([
    ['an altered entry', changed(1, (record) => ({ ...record, actor: 'nobody' })), { seq: 2, reason: 'altered' }],
    ['altered details', changed(1, (record) => ({ ...record, detailsText: '{"n":2}' })), { seq: 2, reason: 'altered' }],
    ['a missing entry', whole.replace(lines[1] ?? '', ''), { seq: 2, reason: 'missing_or_reordered' }],
    [
      'two entries that changed places',
      [header, lines[0], lines[2], lines[1], lines[3]].join(''),
      { seq: 2, reason: 'missing_or_reordered' },
    ],
    ['an entry twice', [header, lines[0], lines[0], ...lines.slice(1)].join(''), { seq: 2 }],
    ['a cut end', [header, ...lines.slice(0, 3)].join(''), { seq: 4, reason: 'tail_missing' }],
    ['half a line', whole.slice(0, -20), { seq: 4, reason: 'unreadable' }],
    ['an entry more', whole + lines[3], { seq: 5, reason: 'missing_or_reordered' }],
    ['a line that is no entry', `${whole}{"chain":"tnt_a"}\n`, { seq: 5, reason: 'unreadable' }],
    ['another member', whole.replace('"actor"', '"more":1,"actor"'), { seq: 1, reason: 'unreadable' }],
    ['no header', lines.join(''), { seq: 1, reason: 'unreadable' }],
    ['nothing', '', { seq: 1, reason: 'unreadable' }],
    ['bytes that are no text', `${header}\ud800`, { seq: 1, reason: 'unreadable' }],
  ])('with %s is broken there', async (_what, text, firstBreak) => {
    expect(await verify(text)).toMatchObject({ intact: false, firstBreak });
  });

  test('that was made up as a whole is told by a head that was kept elsewhere', async () => {
    const forged = linkAfter('tnt_a', emptyChain, ['x', 'y', 'z', 'v'].map(draft), { atMs: 1 });
    const end = forged.at(-1) ?? emptyChain;
    const text = [header.replace(head.hash, end.hash), ...forged.map(entryLine)].join('');
    expect(await verify(text)).toMatchObject({ intact: true });
    const result = await verifyExport(inChunks(text, 1_000), { expectedHash: head.hash });
    expect(result).toMatchObject({ intact: false, firstBreak: { reason: 'forged' } });
  });

  test('an error of the disk is an error, not a broken chain', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(header);
      throw new Error('the disk is gone');
    }
    await expect(verifyExport(failing())).rejects.toThrow('the disk is gone');
  });
});

describe('tenon-audit-verify', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tenon-audit-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function run(text: string, ...args: readonly string[]) {
    const file = path.join(folder, 'export.ndjson');
    await writeFile(file, text);
    const said = { out: '', error: '' };
    const code = await verifyCommand([file, ...args], {
      out: (part) => {
        said.out += part;
      },
      error: (part) => {
        said.error += part;
      },
    });
    return { code, ...said };
  }

  test('says what it found and exits with it', async () => {
    expect(await run(whole)).toMatchObject({ code: 0, out: expect.stringContaining(`Head: 4 ${head.hash}`) });
    expect(await run(whole, '--head', head.hash)).toMatchObject({ code: 0 });
    expect(await run(whole, '--head', '0'.repeat(64))).toMatchObject({ code: 1 });
    const broken = await run(changed(2, (record) => ({ ...record, target: 'other' })));
    expect(broken).toMatchObject({ code: 1, out: expect.stringContaining('BROKEN at entry 3 (altered)') });
    const json = await run(whole, '--json');
    expect(JSON.parse(json.out)).toMatchObject({ intact: true, entries: 4 });
  });

  test.each([[['--head', 'short']], [['another-file']], [['--nonsense']]])(
    'refuses %j with its usage',
    async (args) => {
      expect(await run(whole, ...args)).toMatchObject({ code: 2, error: expect.stringContaining('Usage') });
    },
  );

  test('says how it is used', async () => {
    expect(await run(whole, '--help')).toMatchObject({ code: 0, out: expect.stringContaining('--head') });
  });

  test('tells a file that is not there from one that is broken', async () => {
    const said: string[] = [];
    const output = { out: (text: string) => said.push(text), error: (text: string) => said.push(text) };
    expect(await verifyCommand([path.join(folder, 'none')], output)).toBe(2);
    expect(said.join('')).toContain('ENOENT');
  });
});
