import type { BuildResult } from '@tenon/contracts';
import { ByteReader } from './byte-reader.js';

/** The part of a build's options that crosses the pipe. */
export interface BuildRequestOptions {
  readonly limits?: { readonly coreModuleBytesMax?: number; readonly componentBytesMax?: number };
}

/** Options as JSON behind their length, then the module. */
export function encodeBuildBody(module: Uint8Array, options: BuildRequestOptions): Buffer {
  return joinParts(options, module);
}

export function decodeBuildBody(body: Buffer): { options: BuildRequestOptions; module: Buffer } {
  const reader = new ByteReader(body);
  const options = JSON.parse(reader.text(reader.u32())) as BuildRequestOptions;
  return { options, module: reader.rest() };
}

/** Everything but the artifact as JSON behind its length, then the artifact. */
export function encodeBuilt(result: BuildResult): Buffer {
  if (result.status !== 'ready') return joinParts(result, new Uint8Array(0));
  const { artifact, ...rest } = result;
  return joinParts(rest, artifact);
}

function joinParts(head: unknown, tail: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, tail]);
}
