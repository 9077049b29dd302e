import { describe, expect, test } from '@jest/globals';
import {
  type AuditDraft,
  type AuditEntry,
  type ChainHead,
  ChainVerifier,
  emptyChain,
  hashOf,
  linkAfter,
  type VerificationResult,
} from '@tenon/audit';
import fc from 'fast-check';

const draft = (target: string): AuditDraft => ({
  actor: 'key_a',
  action: 'function.created',
  target,
  details: { n: 1 },
});
const entries = linkAfter('tnt_a', emptyChain, ['a', 'b', 'c', 'd', 'e'].map(draft), 1_700_000_000_000);
const end: ChainHead = { seq: 5, hash: entries[4]?.hash ?? '' };

function verify(chain: readonly AuditEntry[], head: ChainHead | undefined = end): VerificationResult {
  const verifier = new ChainVerifier('tnt_a');
  for (const entry of chain) verifier.next(entry);
  return verifier.finish(head);
}

/** The chain with entry `seq` replaced by what `change` makes of it. */
function withChanged(seq: number, change: (entry: AuditEntry) => AuditEntry): readonly AuditEntry[] {
  return entries.map((entry) => (entry.seq === seq ? change(entry) : entry));
}

const resealed = (entry: AuditEntry): AuditEntry => ({ ...entry, hash: hashOf(entry) });

describe('a chain', () => {
  test('begins with zeroes, counts from one and verifies', () => {
    expect(entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(entries[0]?.prevHash).toBe('0'.repeat(64));
    expect(verify(entries)).toEqual({ intact: true, entries: 5 });
  });

  test('continues over several appends as if it had been one', () => {
    const first = linkAfter('tnt_a', emptyChain, [draft('a'), draft('b')], 1);
    const last = first.at(-1) ?? emptyChain;
    const all = [...first, ...linkAfter('tnt_a', last, [draft('c')], 2)];
    expect(verify(all, all.at(-1))).toEqual({ intact: true, entries: 3 });
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

  test.each(Object.keys(entries[1] ?? {}))('notices a changed %s', (field) => {
    const value = Reflect.get(entries[1] ?? {}, field);
    const other = typeof value === 'number' ? value + 7 : typeof value === 'string' ? `${value}x` : { changed: true };
    const result = verify(withChanged(2, (entry) => ({ ...entry, [field]: other })));
    expect(result).toMatchObject({ intact: false, entries: 1, firstBreak: { seq: 2 } });
  });

  test.each<[string, readonly AuditEntry[], object]>([
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
      'an altered entry with a new seal',
      withChanged(3, (entry) => resealed({ ...entry, actor: 'key_b' })),
      { seq: 4, reason: 'forged' },
    ],
    [
      'a last entry that was altered and sealed',
      withChanged(5, (entry) => resealed({ ...entry, actor: 'key_b' })),
      { reason: 'forged' },
    ],
    [
      'a forged entry at the end',
      [...entries, ...linkAfter('tnt_a', end, [draft('f')], 1)],
      { seq: 6, reason: 'forged' },
    ],
    ['an entry of another chain', withChanged(2, (entry) => resealed({ ...entry, chain: 'tnt_b' })), { seq: 2 }],
  ])('notices %s', (_what, chain, firstBreak) => {
    expect(verify(chain)).toMatchObject({ intact: false, firstBreak });
  });

  test('any change to any entry is noticed there or at the next one', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4 }), fc.jsonValue(), fc.boolean(), (place, details, seal) => {
        const changed = withChanged(place + 1, (entry) => {
          const forged = { ...entry, details: { forged: JSON.parse(JSON.stringify(details)) } };
          return seal ? resealed(forged) : forged;
        });
        const { intact, firstBreak } = verify(changed);
        expect(intact).toBe(false);
        expect(firstBreak?.seq).toBeGreaterThanOrEqual(place + 1);
        expect(firstBreak?.seq).toBeLessThanOrEqual(place + 2);
      }),
    );
  });
});
