/** The one seam between the sandbox process and the engine. */
export {
  type Artifact,
  build,
  type CompiledArtifact,
  compileArtifact,
  type Guest,
  type GuestRunResult,
  MemoryShelf,
  openArtifact,
  prepareGuest,
} from '@tenon/wasm';
