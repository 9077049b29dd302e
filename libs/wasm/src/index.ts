export type { Guest, GuestRunResult } from './abi/abi.js';
export { prepareGuest } from './abi/prepare-guest.js';
export { ArtifactError, type ArtifactErrorCode } from './artifact/artifact-error.js';
export { artifactFormatVersion, engineVersion } from './artifact/artifact-format.js';
export { artifactKey, type BuildLimits, defaultBuildLimits } from './artifact/artifact-key.js';
export { type CompiledArtifact, compileArtifact } from './artifact/compile-artifact.js';
export { type Artifact, openArtifact } from './artifact/open-artifact.js';
export { WasmError, type WasmErrorCode, type WasmErrorPlace, wasmErrorCodes } from './binary/wasm-error.js';
export { type BuildOptions, build } from './build/build.js';
export { importMemory } from './build/import-memory.js';
export { customSection } from './inspect/custom-section.js';
export type { DecodedExport, DecodedImport, ExternalKind } from './inspect/decoded-module.js';
export {
  type InspectedFunction,
  type InspectedLimits,
  type InspectedSection,
  inspect,
  type ModuleInspection,
} from './inspect/inspect.js';
export { defaultModuleLimits, type ModuleLimits } from './inspect/module-limits.js';
export type { Producer } from './inspect/producers-section.js';
export { rewrite } from './rewrite/rewrite.js';
export type { RewriteOptions, RewriteSummary, RewrittenModule } from './rewrite/rewrite-options.js';
export {
  Counters,
  countersOf,
  createCounters,
  type InstanceLimits,
  instantiate,
  type LimitTripped,
  refill,
  type Usage,
  used,
  usedAtStart,
} from './runtime/instantiate.js';
export { MemoryShelf } from './runtime/memory-shelf.js';
export { trapUncatchable } from './runtime/trap-uncatchable.js';
