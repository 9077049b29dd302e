import type { BuildRejection, BuildResult } from '@tenon/contracts';
import { type BuildLimits, defaultBuildLimits } from '../artifact/artifact-key.js';
import { buildCore } from './build-core.js';
import { buildComponent } from './component/build-component.js';

export interface BuildOptions {
  readonly limits?: Partial<BuildLimits>;
}

const messageCharactersMax = 500;
const magic = 0x6d736100;
const coreVersion = 1;
/** A component carries the same magic, then version 13 in layer 1. */
const componentVersion = 0x0001_000d;

function kindOf(bytes: Uint8Array): 'core' | 'component' | BuildRejection {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0, true) !== magic) {
    return {
      code: 'not_wasm',
      message: 'The upload is not a WebAssembly binary.',
      offset: 0,
      allowed: 'a core module (version 1) or a component (version 13, layer 1)',
    };
  }
  const version = view.getUint32(4, true);
  if (version === coreVersion) return 'core';
  if (version === componentVersion) return 'component';
  return {
    code: 'unknown_version',
    message: 'The upload is WebAssembly of a version that Tenon does not run.',
    offset: 4,
    found: `version ${version & 0xffff}, layer ${version >>> 16}`,
    allowed: 'a core module (version 1) or a component (version 13, layer 1)',
  };
}

function tooLarge(bytes: Uint8Array, kind: 'core' | 'component', bytesMax: number): BuildRejection | undefined {
  if (bytes.length <= bytesMax) return undefined;
  const what = kind === 'core' ? 'core module' : 'component';
  return {
    code: kind === 'core' ? 'module_bytes_limit' : 'component_bytes_limit',
    message: `The ${what} is larger than an upload may be.`,
    found: `${bytes.length} bytes`,
    allowed: `${bytesMax} bytes`,
  };
}

async function buildChecked(bytes: Uint8Array, limits: BuildLimits): Promise<BuildResult> {
  const kind = kindOf(bytes);
  if (typeof kind === 'object') return { status: 'rejected', rejection: kind };
  const rejection = tooLarge(bytes, kind, kind === 'core' ? limits.coreModuleBytesMax : limits.componentBytesMax);
  if (rejection !== undefined) return { status: 'rejected', rejection };
  if (kind === 'core') return buildCore(bytes, limits);
  return buildComponent(bytes, limits);
}

/**
 * Checks an upload and makes the artifact that sandboxes load, with the report for whoever uploaded it. Deterministic:
 * the same bytes give the same artifact. Run it where hostile bytes may be compiled, because V8 has the last word on
 * validity, and where a hung or swollen thread can be ended, because jco has no bounds of its own.
 *
 * Never throws: what is wrong with the bytes is `rejected`, what is wrong with Tenon is `failed`.
 */
export async function build(bytes: Uint8Array, options: BuildOptions = {}): Promise<BuildResult> {
  try {
    return await buildChecked(bytes, { ...defaultBuildLimits, ...options.limits });
  } catch (error) {
    return { status: 'failed', message: `The build broke: ${String(error).slice(0, messageCharactersMax)}` };
  }
}
