import type { MemoryPages } from '../runtime/memory-shelf.js';
import { ArtifactError } from './artifact-error.js';
import type { ArtifactManifest } from './artifact-format.js';
import type { Artifact } from './open-artifact.js';

/** One core module of an artifact. */
export interface CompiledCore {
  readonly name: string;
  readonly module: WebAssembly.Module;
  /** Bytes of the memories and tables that an instance starts with, known before there is one. */
  readonly memoryBytesInitial: number;
  /** The memory that an instance imports, where the module does not make its own. */
  readonly memory?: MemoryPages;
}

/**
 * An artifact ready to run. A plain value that may be posted to other threads as it is: V8 shares the machine code of
 * a `WebAssembly.Module` between the threads of a process instead of compiling it again.
 */
export interface CompiledArtifact {
  readonly abi: ArtifactManifest['abi'];
  readonly entry: string;
  readonly moduleSha256: string;
  /** The rewritten core modules with the names under which a component's glue asks for them. */
  readonly modules: readonly CompiledCore[];
  /** The JavaScript that joins a component's modules. It is made from names that a tenant chose. */
  readonly glue?: string;
  /** JSON text that turns stack positions into names; parsed only when a run fails. */
  readonly debug?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

function textOf(artifact: Artifact, kind: 'glue' | 'debug'): string | undefined {
  const index = artifact.manifest.parts.findIndex((part) => part.kind === kind);
  const bytes = artifact.parts[index];
  return bytes === undefined ? undefined : new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/**
 * Compiles every core module of an artifact.
 *
 * @throws WebAssembly.CompileError never for an artifact that `build` made, because `build` has validated it.
 */
export function compileArtifact(artifact: Artifact): CompiledArtifact {
  const { abi, entry, moduleSha256, parts, details } = artifact.manifest;
  const modules = parts.flatMap(({ kind, name, memoryBytesInitial = 0, memory }, i) => {
    const bytes = artifact.parts[i];
    if (kind !== 'core' || bytes === undefined) return [];
    const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
    return [{ name, memoryBytesInitial, module, ...(memory === undefined ? {} : { memory }) }];
  });
  if (modules.length === 0) throw new ArtifactError('artifact_manifest', 'The artifact holds no core module.');
  const glue = textOf(artifact, 'glue');
  const debug = textOf(artifact, 'debug');
  return {
    abi,
    entry,
    moduleSha256,
    modules,
    ...(glue === undefined ? {} : { glue }),
    ...(debug === undefined ? {} : { debug }),
    ...(details === undefined ? {} : { details }),
  };
}
