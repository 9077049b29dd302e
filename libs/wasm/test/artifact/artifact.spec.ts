import { describe, expect, test } from '@jest/globals';
import { ArtifactError, artifactKey, openArtifact } from '@tenon/wasm';
import fc from 'fast-check';
import { packArtifact } from '../../src/artifact/pack-artifact.js';

const facts = { abi: 'wasi-command', entry: '_start', moduleSha256: 'a'.repeat(64) } as const;

function packed(core: Uint8Array, debug = '{}'): Uint8Array {
  return packArtifact(facts, [
    { kind: 'core', name: 'module', bytes: core, memoryBytesInitial: 65_536 },
    { kind: 'debug', name: 'debug', bytes: new TextEncoder().encode(debug) },
  ]);
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof ArtifactError ? error.code : `another error: ${String(error)}`;
  }
}

describe('an artifact', () => {
  test('opens as what was packed, at any offset in its buffer', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ maxLength: 50 }),
        fc.integer({ min: 0, max: 9 }),
        (core, debug, shift) => {
          const bytes = packed(core, debug);
          const elsewhere = new Uint8Array(bytes.length + shift);
          elsewhere.set(bytes, shift);
          const { manifest, parts } = openArtifact(elsewhere.subarray(shift));
          expect(parts[0]).toEqual(core);
          expect(new TextDecoder().decode(parts[1])).toBe(debug.toWellFormed());
          expect(manifest).toMatchObject({ ...facts, parts: [{ memoryBytesInitial: 65_536 }, { kind: 'debug' }] });
        },
      ),
    );
  });

  test('is the same bytes for the same content', () => {
    const core = Uint8Array.of(1, 2, 3);
    expect(packed(core)).toEqual(packed(core));
  });

  test('that changed in any byte is refused with a code of its own', () => {
    const bytes = packed(Uint8Array.from({ length: 64 }, (_, i) => i));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        expect(codeOf(() => openArtifact(damaged))).toMatch(/^artifact_/);
      }),
    );
  });

  test('that is cut anywhere is refused with a code of its own', () => {
    const bytes = packed(Uint8Array.from({ length: 64 }, (_, i) => i));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(codeOf(() => openArtifact(bytes.subarray(0, length)))).toMatch(/^artifact_/);
    }
  });

  test('of another engine version is stale, not damaged', () => {
    const bytes = packed(Uint8Array.of(1));
    new DataView(bytes.buffer).setUint32(8, 0xffff, true);
    expect(codeOf(() => openArtifact(bytes))).toBe('artifact_stale');
  });
});

test('the key depends on the upload and on the limits it was built under', () => {
  const key = artifactKey('a'.repeat(64));
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(artifactKey('a'.repeat(64))).toBe(key);
  expect(artifactKey('b'.repeat(64))).not.toBe(key);
  expect(artifactKey('a'.repeat(64), { coreModuleBytesMax: 1, componentBytesMax: 1 })).not.toBe(key);
});
