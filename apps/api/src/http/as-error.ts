/** What was thrown, as an error: whoever calls back with it takes nothing else. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
