import { ArtifactError } from './artifact-error.js';
import {
  type ArtifactManifest,
  type ArtifactPart,
  artifactBytesMax,
  artifactFormatVersion,
  artifactMagic,
  engineVersion,
  headerBytes,
  manifestBytesMax,
  manifestSchema,
} from './artifact-format.js';
import { sha256Hex } from './sha256.js';

/** An artifact whose header and hashes are right. Its parts are views of the bytes that were opened. */
export interface Artifact {
  readonly manifest: ArtifactManifest;
  /** The bytes of each part, in the manifest's order. */
  readonly parts: readonly Uint8Array[];
}

function readManifest(artifact: Uint8Array, view: DataView): ArtifactManifest {
  const length = view.getUint32(12, true);
  if (length > manifestBytesMax || headerBytes + length > artifact.length) {
    throw new ArtifactError('artifact_truncated', 'The artifact ends inside its manifest.');
  }
  const bytes = artifact.subarray(headerBytes, headerBytes + length);
  if (sha256Hex(bytes) !== Buffer.from(artifact.subarray(16, headerBytes)).toString('hex')) {
    throw new ArtifactError('artifact_hash', 'The manifest of the artifact differs from its hash.');
  }
  try {
    return manifestSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    throw new ArtifactError('artifact_manifest', 'The manifest of the artifact is not what this engine writes.');
  }
}

function readPart(artifact: Uint8Array, part: ArtifactPart): Uint8Array {
  if (part.offset + part.bytes > artifact.length) {
    throw new ArtifactError('artifact_truncated', `The artifact ends inside its part ${part.name}.`);
  }
  const bytes = artifact.subarray(part.offset, part.offset + part.bytes);
  if (sha256Hex(bytes) !== part.sha256) {
    throw new ArtifactError('artifact_hash', `The part ${part.name} of the artifact differs from its hash.`);
  }
  return bytes;
}

/**
 * Checks an artifact and takes it apart; no WebAssembly is parsed here.
 *
 * @throws ArtifactError `artifact_stale` when another version of the engine wrote it, another code when it is damaged.
 */
export function openArtifact(artifact: Uint8Array): Artifact {
  if (artifact.length < headerBytes) {
    throw new ArtifactError('artifact_truncated', 'The artifact is shorter than its header.');
  }
  const view = new DataView(artifact.buffer, artifact.byteOffset, artifact.byteLength);
  if (view.getUint32(0, true) !== artifactMagic) {
    throw new ArtifactError('artifact_magic', 'The bytes are not an artifact of Tenon.');
  }
  const written = `${view.getUint32(4, true)}.${view.getUint32(8, true)}`;
  const current = `${artifactFormatVersion}.${engineVersion}`;
  if (written !== current) {
    throw new ArtifactError('artifact_stale', `The artifact is of version ${written}, this engine runs ${current}.`);
  }
  if (artifact.length > artifactBytesMax) {
    throw new ArtifactError('artifact_manifest', `The artifact is larger than ${artifactBytesMax} bytes.`);
  }
  const manifest = readManifest(artifact, view);
  return { manifest, parts: manifest.parts.map((part) => readPart(artifact, part)) };
}
