import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  type AuditDraft,
  type AuditRecord,
  AuditSeals,
  type ChainHead,
  ChainVerifier,
  emptyChain,
  hashOf,
  type LinkOptions,
  linkAfter,
  toEntry,
  type VerificationResult,
  type VerifierOptions,
} from '@tenon/audit';
import fc from 'fast-check';

const draft = (target: string): AuditDraft => ({
  actor: 'key_a',
  action: 'function.created',
  target,
  details: { n: 1 },
});
const atMs = 1_700_000_000_000;
const chainOf = (targets: readonly string[], options: Partial<LinkOptions> = {}, after = emptyChain) =>
  linkAfter('tnt_a', after, targets.map(draft), { atMs, ...options });
const entries = chainOf(['a', 'b', 'c', 'd', 'e']);
const endOf = (chain: readonly AuditRecord[]): ChainHead => chain.at(-1) ?? emptyChain;
const end = endOf(entries);

function verify(
  chain: readonly AuditRecord[],
  head: ChainHead | undefined = end,
  options: VerifierOptions = {},
): VerificationResult {
  const verifier = new ChainVerifier('tnt_a', options);
  for (const entry of chain) verifier.next(entry);
  return verifier.finish(head);
}

/** The chain with entry `seq` replaced by what `change` makes of it. */
function withChanged(seq: number, change: (entry: AuditRecord) => AuditRecord): readonly AuditRecord[] {
  return entries.map((entry) => (entry.seq === seq ? change(entry) : entry));
}

const rehashed = (entry: AuditRecord): AuditRecord => ({ ...entry, hash: hashOf(toEntry(entry)) });

/** Other text that is still what the field holds: JSON, where it holds that. */
const changedText = (text: string) => (text.startsWith('{') ? '{"changed":true}' : `${text}x`);

describe('a chain', () => {
  test('begins with zeroes, counts from one and verifies', () => {
    expect(entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(entries[0]?.prevHash).toBe('0'.repeat(64));
    expect(verify(entries)).toEqual({ intact: true, entries: 5, verifiedTo: { seq: 5, hash: end.hash } });
  });

  test('continues over several appends as if it had been one', () => {
    const first = chainOf(['a', 'b']);
    const all = [...first, ...chainOf(['c'], {}, endOf(first))];
    expect(verify(all, endOf(all))).toMatchObject({ intact: true, entries: 3 });
  });

  test('hashes an entry to a value that must never change, or old chains would not verify', () => {
    const known = {
      chain: 'operator',
      seq: 1,
      id: 'aud_01hf7yat00000000000000000a',
      at: '2023-11-14T22:13:20.000Z',
      actor: 'system',
      action: 'tenant.created',
      target: 'tnt_01hf7yat00000000000000000a',
      requestId: null,
      details: { b: [1, 2.5], a: 'ü' },
      prevHash: '0'.repeat(64),
    };
    expect(hashOf(known)).toBe('619f3e356fd7fa7de2222676a2fcc3558a4ae71bcc9b75f2b9829a8e57cdc41f');
  });

  test.each(Object.keys(entries[1] ?? {}).filter((field) => field !== 'seal'))('notices a changed %s', (field) => {
    const value = Reflect.get(entries[1] ?? {}, field);
    const other = typeof value === 'number' ? value + 7 : typeof value === 'string' ? changedText(value) : 'other';
    const result = verify(withChanged(2, (entry) => ({ ...entry, [field]: other })));
    expect(result).toMatchObject({ intact: false, entries: 1, firstBreak: { seq: 2 } });
  });

  test.each<[string, readonly AuditRecord[], object]>([
    ['a removed entry', entries.filter((entry) => entry.seq !== 3), { seq: 3, reason: 'missing_or_reordered' }],
    ['a removed first entry', entries.slice(1), { seq: 1, reason: 'missing_or_reordered' }],
    [
      'two entries swapped',
      [...entries].sort((a, b) => (a.seq === 2 && b.seq === 3 ? 1 : a.seq === 3 && b.seq === 2 ? -1 : a.seq - b.seq)),
      { seq: 2, reason: 'missing_or_reordered' },
    ],
    ['a cut tail', entries.slice(0, 3), { seq: 4, reason: 'tail_missing' }],
    ['all entries gone', [], { seq: 1, reason: 'tail_missing' }],
    ['an altered entry', withChanged(3, (entry) => ({ ...entry, actor: 'key_b' })), { seq: 3, reason: 'altered' }],
    [
      'an altered entry with its hash made anew',
      withChanged(3, (entry) => rehashed({ ...entry, actor: 'key_b' })),
      { seq: 4, reason: 'forged' },
    ],
    [
      'a last entry that was altered, with its hash',
      withChanged(5, (entry) => rehashed({ ...entry, actor: 'key_b' })),
      { reason: 'forged' },
    ],
    ['a forged entry at the end', [...entries, ...chainOf(['f'], {}, end)], { seq: 6, reason: 'forged' }],
    ['an entry of another chain', withChanged(2, (entry) => rehashed({ ...entry, chain: 'tnt_b' })), { seq: 2 }],
  ])('notices %s', (_what, chain, firstBreak) => {
    expect(verify(chain)).toMatchObject({ intact: false, firstBreak });
  });

  test('any change to any entry is noticed there or at the next one', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4 }), fc.jsonValue(), fc.boolean(), (place, details, hashAnew) => {
        const changed = withChanged(place + 1, (entry) => {
          const forged = { ...entry, detailsText: JSON.stringify({ forged: details }) };
          return hashAnew ? rehashed(forged) : forged;
        });
        const { intact, firstBreak } = verify(changed);
        expect(intact).toBe(false);
        expect(firstBreak?.seq).toBeGreaterThanOrEqual(place + 1);
        expect(firstBreak?.seq).toBeLessThanOrEqual(place + 2);
      }),
    );
  });
});

describe('details', () => {
  test('may be written differently where they say the same', () => {
    const spaced = withChanged(2, (entry) => ({ ...entry, detailsText: ' { "n" : 1.0 } ' }));
    expect(verify(spaced)).toMatchObject({ intact: true });
  });

  test('that are no JSON at all are altered, not an error', () => {
    const torn = withChanged(2, (entry) => ({ ...entry, detailsText: '{"n":' }));
    expect(verify(torn)).toMatchObject({ firstBreak: { seq: 2, reason: 'altered' } });
  });
});

describe('seals', () => {
  const [oldKey, newKey, strangersKey] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte));
  const seals = new AuditSeals([oldKey ?? Buffer.alloc(0)]);
  const chain = chainOf(['a', 'b', 'c'], { seals });
  const head = chain[2] ?? { ...emptyChain, seal: null };

  test('of before they had a number still hold, for all that stands before them', () => {
    const of = { chain: chain[0]?.chain ?? '', ...head };
    const mac = createHmac('sha256', oldKey ?? '')
      .update(`${of.chain}\n${of.seq}\n${of.hash}`)
      .digest('hex');
    const seal = `v1:${head.seal?.split(':')[1]}:${mac}`;
    const first = chain.map((entry) => (entry.seal === null ? entry : { ...entry, seal }));
    expect(verify(first, head, { seals })).toMatchObject({ intact: true, entries: 3 });
    const longer = [...first, ...chainOf(['slipped in'], {}, head)];
    expect(verify(longer, endOf(longer), { seals })).toMatchObject({ firstBreak: { seq: 4, reason: 'forged' } });
  });

  test('are on the last entry of an append, and hold', () => {
    expect(chain.map((entry) => entry.seal === null)).toEqual([true, true, false]);
    expect(verify(chain, head, { seals })).toMatchObject({ intact: true });
  });

  test('of a key that was replaced still hold', () => {
    const rotated = new AuditSeals([newKey, oldKey].map((key) => key ?? Buffer.alloc(0)));
    const longer = [...chain, ...chainOf(['d'], { seals: rotated }, head)];
    expect(verify(longer, endOf(longer), { seals: rotated })).toMatchObject({ intact: true });
  });

  test.each<[string, readonly AuditRecord[], number]>([
    ['nobody who appends by the rules without the key', [...chain, ...chainOf(['forged'], {}, head)], 4],
    [
      'nobody who seals with a key of their own',
      [...chain, ...chainOf(['forged'], { seals: new AuditSeals([strangersKey ?? Buffer.alloc(0)]) }, head)],
      4,
    ],
    [
      'nobody who takes over an old seal',
      [...chain, ...chainOf(['forged'], {}, head).map((entry) => ({ ...entry, seal: head.seal }))],
      4,
    ],
    ['nobody who rewrites the whole chain', chainOf(['x', 'y', 'z']), 1],
  ])('let pass %s', (_who, forged, seq) => {
    expect(verify(forged, endOf(forged), { seals })).toMatchObject({ firstBreak: { seq, reason: 'forged' } });
    // Without the key, each of them is a chain like any other.
    expect(verify(forged, endOf(forged))).toMatchObject({ intact: true });
  });

  test('show an entry that was slipped in before Tenon went on appending', () => {
    const [slipped] = chainOf(['forged'], {}, head);
    if (slipped === undefined) throw new Error('no entry');
    const longer = [...chain, slipped, ...chainOf(['d', 'e'], { seals }, slipped)];
    expect(verify(longer, endOf(longer), { seals })).toMatchObject({ firstBreak: { seq: 4, reason: 'forged' } });
    const claimed = longer.map((entry) => ({ ...entry, seal: entry.seal?.replace(':2:', ':3:') ?? null }));
    expect(verify(claimed, endOf(longer), { seals })).toMatchObject({ firstBreak: { seq: 6, reason: 'forged' } });
  });

  test('cover what is left of an append that verifying began in the middle of', () => {
    const start = chain[0] ?? emptyChain;
    expect(verify(chain.slice(1), head, { seals, start })).toMatchObject({ intact: true, entries: 2 });
  });

  test('need keys that are long enough', () => {
    expect(() => new AuditSeals([])).toThrow(RangeError);
    expect(() => new AuditSeals([Buffer.alloc(16)])).toThrow(RangeError);
  });
});

describe('anchors', () => {
  const anchor: ChainHead = { seq: 3, hash: entries[2]?.hash ?? '' };
  const anchors = [anchor];

  test('agree with the chain that they were taken of', () => {
    expect(verify(entries, end, { anchors })).toMatchObject({ intact: true });
  });

  test('show a chain that was rewritten as a whole, and one that was cut back together with its head', () => {
    const rewritten = chainOf(['a', 'b', 'other', 'd', 'e']);
    expect(verify(rewritten, endOf(rewritten), { anchors })).toMatchObject({
      firstBreak: { seq: 3, reason: 'forged' },
    });
    const cut = entries.slice(0, 2);
    expect(verify(cut, endOf(cut), { anchors })).toMatchObject({ firstBreak: { seq: 3, reason: 'tail_missing' } });
  });
});

describe('after retention', () => {
  const start = entries[1] ?? emptyChain;
  const pruned = {
    actor: 'system',
    action: 'audit.pruned',
    target: 'tnt_a',
    details: { seq: start.seq, hash: start.hash },
  };
  const rest = [...entries.slice(2), ...linkAfter('tnt_a', end, [pruned], { atMs })];

  test('what is left verifies from the checkpoint that the chain itself names', () => {
    expect(verify(rest, endOf(rest), { start, startsAtCheckpoint: true })).toMatchObject({ intact: true, entries: 4 });
  });

  test('a checkpoint that the chain does not name is a removed beginning', () => {
    const result = verify(entries.slice(2), end, { start, startsAtCheckpoint: true });
    expect(result).toMatchObject({ firstBreak: { seq: 3, reason: 'missing_or_reordered' } });
  });
});
