/** A frame that breaks the protocol: whoever sent it can't be trusted any more. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** The pool has as much work as it may hold; the caller should wait and try again, or shed load. */
export class SandboxOverloadedError extends Error {
  override readonly name = 'SandboxOverloadedError';
  readonly code = 'overloaded';

  /** @param waiting how much waits already. */
  constructor(readonly waiting: number) {
    super(`The sandbox pool is full, ${waiting} executions or builds wait; try again later.`);
  }
}

/** The pool was closed before the work could run. */
export class SandboxClosedError extends Error {
  override readonly name = 'SandboxClosedError';
  readonly code = 'closed';

  constructor() {
    super('The sandbox pool is closed.');
  }
}
