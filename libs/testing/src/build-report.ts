import type { BuildReport } from '@tenon/contracts';

/** What a build found out about the smallest module that there can be: for tests that need a version and no build. */
export const buildReport: BuildReport = {
  abi: 'wasi-command',
  abiReason: 'exports _start',
  moduleBytes: 8,
  artifactBytes: 10,
  meteringBytesAdded: 2,
  coreModules: 1,
  functions: 1,
  sections: [],
  biggestFunctions: [],
  imports: [],
  exports: [],
  toolchain: [],
  features: [],
  memoryBytesInitial: 65_536,
  warnings: [],
};
