/** Why the database was left as it was. The message says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';

  constructor(
    readonly code: 'changed' | 'failed_before' | 'unknown' | 'failed' | 'unsupported_server',
    /** The migration it is about, where it is about one. */
    readonly migration: string | undefined,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
