/** Something about this machine keeps the embedded servers from starting; the message is a sentence for a person. */
export class DevstackError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DevstackError';
  }
}

/** The `code` of a system error, such as EEXIST. By shape, not by class: a test runner has several classes of Error. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
