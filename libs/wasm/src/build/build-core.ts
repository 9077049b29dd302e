import type { BuildResult } from '@tenon/contracts';
import { chooseCoreAbi } from '../abi/core-abis.js';
import type { BuildLimits } from '../artifact/artifact-key.js';
import { packArtifact } from '../artifact/pack-artifact.js';
import { sha256Hex } from '../artifact/sha256.js';
import type { DecodedModule } from '../inspect/decoded-module.js';
import { readModule } from '../inspect/module-reader.js';
import { writeReport } from '../report/report.js';
import { coreFace } from './core-face.js';
import { type MeteredCore, meterCore } from './meter-core.js';
import { rejectionOf, validationRejection } from './wasm-rejection.js';

/** Builds one core module: checks it, chooses its ABI, meters it and packs it. */
export function buildCore(bytes: Uint8Array, limits: BuildLimits): BuildResult {
  let module: DecodedModule;
  let metered: MeteredCore;
  try {
    module = readModule(bytes);
    metered = meterCore(module, 'module', 0, 'own');
  } catch (error) {
    return { status: 'rejected', rejection: rejectionOf(error) };
  }
  const invalid = validationRejection(bytes);
  if (invalid !== undefined) return { status: 'rejected', rejection: invalid };
  const choice = chooseCoreAbi(coreFace(module));
  if ('rejection' in choice) return { status: 'rejected', rejection: choice.rejection };
  const broken = validationRejection(metered.bytes);
  if (broken !== undefined) return { status: 'failed', message: `Metering broke the module. ${broken.message}` };
  const debug = new TextEncoder().encode(JSON.stringify({ modules: [metered.debug] }));
  const { abi, verdict } = choice;
  const artifact = packArtifact(
    {
      abi: abi.name,
      entry: verdict.entry,
      moduleSha256: sha256Hex(bytes),
    },
    [
      {
        kind: 'core',
        name: 'module',
        bytes: metered.bytes,
        memoryBytesInitial: metered.memoryBytesInitial,
        ...(metered.memory === undefined ? {} : { memory: metered.memory }),
      },
      { kind: 'debug', name: 'debug', bytes: debug },
    ],
  );
  const report = writeReport({
    abi: abi.name,
    abiReason: verdict.reason,
    upload: bytes,
    artifactBytes: artifact.length,
    meteringBytesAdded: metered.bytesAdded,
    modules: [module],
    uploadBytesMax: limits.coreModuleBytesMax,
  });
  return { status: 'ready', artifact, report };
}
