/** Something about this machine keeps the embedded servers from starting; the message is a sentence for a person. */
export class DevstackError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DevstackError';
  }
}
