import {
  type ArtifactManifest,
  type ArtifactPart,
  artifactFormatVersion,
  artifactMagic,
  engineVersion,
  headerBytes,
} from './artifact-format.js';
import { sha256, sha256Hex } from './sha256.js';

export interface PartSource {
  readonly kind: ArtifactPart['kind'];
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly memoryBytesInitial?: number;
  readonly memory?: ArtifactPart['memory'];
}

export type ManifestFacts = Omit<ArtifactManifest, 'parts'>;

/** The manifest's length depends on the offsets in it; a few rounds settle how many digits they have. */
const layoutRoundsMax = 8;

function layOut(facts: ManifestFacts, sources: readonly PartSource[], partsStart: number): Uint8Array {
  let offset = partsStart;
  const parts = sources.map(({ kind, name, bytes, ...rest }) => {
    const part: ArtifactPart = { kind, name, offset, bytes: bytes.length, sha256: sha256Hex(bytes), ...rest };
    offset += bytes.length;
    return part;
  });
  return new TextEncoder().encode(JSON.stringify({ ...facts, parts } satisfies ArtifactManifest));
}

function settledManifest(facts: ManifestFacts, sources: readonly PartSource[]): Uint8Array {
  let manifest = layOut(facts, sources, headerBytes);
  for (let round = 0; round < layoutRoundsMax; round += 1) {
    const next = layOut(facts, sources, headerBytes + manifest.length);
    if (next.length === manifest.length) return next;
    manifest = next;
  }
  throw new Error('the artifact manifest did not settle on a length');
}

/** Writes an artifact; the same parts and facts always give the same bytes. */
export function packArtifact(facts: ManifestFacts, sources: readonly PartSource[]): Uint8Array {
  const manifest = settledManifest(facts, sources);
  const total = sources.reduce((sum, { bytes }) => sum + bytes.length, headerBytes + manifest.length);
  const artifact = new Uint8Array(total);
  const view = new DataView(artifact.buffer);
  view.setUint32(0, artifactMagic, true);
  view.setUint32(4, artifactFormatVersion, true);
  view.setUint32(8, engineVersion, true);
  view.setUint32(12, manifest.length, true);
  artifact.set(sha256(manifest), 16);
  artifact.set(manifest, headerBytes);
  let offset = headerBytes + manifest.length;
  for (const { bytes } of sources) {
    artifact.set(bytes, offset);
    offset += bytes.length;
  }
  return artifact;
}
