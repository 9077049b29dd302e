/** Why an artifact can't be used. `stale` ones are to be built again; every other one was damaged on its way. */
export type ArtifactErrorCode =
  | 'artifact_truncated'
  | 'artifact_magic'
  | 'artifact_stale'
  | 'artifact_manifest'
  | 'artifact_hash';

/** An artifact that this engine did not write or that changed since. Never the fault of the guest. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';

  constructor(
    readonly code: ArtifactErrorCode,
    message: string,
  ) {
    super(message);
  }
}
