import { uploadLimits } from '@tenon/contracts';
import { artifactFormatVersion, engineVersion } from './artifact-format.js';
import { sha256Hex } from './sha256.js';

/** How large an upload may be; the part of the limits that decides whether a build succeeds. */
export interface BuildLimits {
  readonly coreModuleBytesMax: number;
  readonly componentBytesMax: number;
}

export const defaultBuildLimits: BuildLimits = uploadLimits;

/**
 * The name of an artifact: the upload's hash, the engine and the limits that it was built under. The same key always
 * means the same bytes.
 *
 * @param moduleSha256 the upload's SHA-256 in hexadecimal.
 */
export function artifactKey(moduleSha256: string, limits: BuildLimits = defaultBuildLimits): string {
  const under = `${limits.coreModuleBytesMax}:${limits.componentBytesMax}`;
  return sha256Hex(`tenon-artifact:${artifactFormatVersion}:${engineVersion}:${moduleSha256}:${under}`);
}
