import type { BuildResult } from '@tenon/contracts';
import { chooseCoreAbi } from '../abi/core-abis.js';
import { packArtifact } from '../artifact/pack-artifact.js';
import { sha256Hex } from '../artifact/sha256.js';

/** Builds one core module: checks it, chooses its ABI, meters it and packs it. */
export function buildCore(bytes: Uint8Array): BuildResult {
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (error) {
    return { status: 'rejected', rejection: { code: 'invalid_module', message: String(error) } };
  }
  const imports = WebAssembly.Module.imports(module);
  const exports = WebAssembly.Module.exports(module);
  const choice = chooseCoreAbi({ imports, exports });
  if ('rejection' in choice) return { status: 'rejected', rejection: choice.rejection };
  const artifact = packArtifact({ abi: choice.abi.name, entry: choice.verdict.entry, moduleSha256: sha256Hex(bytes) }, [
    { kind: 'core', name: 'module', bytes },
  ]);
  return {
    status: 'ready',
    artifact,
    report: {
      abi: choice.abi.name,
      abiReason: choice.verdict.reason,
      moduleBytes: bytes.length,
      artifactBytes: artifact.length,
      meteringBytesAdded: 0,
      coreModules: 1,
      functions: 0,
      sections: [],
      biggestFunctions: [],
      imports,
      exports,
      toolchain: [],
      features: [],
      memoryBytesInitial: 0,
      warnings: [],
    },
  };
}
