/** Something that can only be a bug of ours, or a damaged artifact: it ends a run as `internal`. */
export class EngineFault extends Error {
  override readonly name = 'EngineFault';
}
