export type { Guest, GuestRunResult } from './abi/abi.js';
export { prepareGuest } from './abi/prepare-guest.js';
export { ArtifactError, type ArtifactErrorCode } from './artifact/artifact-error.js';
export { artifactFormatVersion, engineVersion } from './artifact/artifact-format.js';
export { artifactKey, type BuildLimits, defaultBuildLimits } from './artifact/artifact-key.js';
export { type CompiledArtifact, compileArtifact } from './artifact/compile-artifact.js';
export { type Artifact, openArtifact } from './artifact/open-artifact.js';
export { type BuildOptions, build } from './build/build.js';
