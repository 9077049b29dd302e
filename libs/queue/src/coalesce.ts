/**
 * Merges calls: while one run of `work` is under way, any number of further calls cause exactly one more. Failures go
 * to `onError` and are otherwise forgotten.
 */
export function coalesce(work: () => Promise<unknown>, onError: (error: Error) => void): () => void {
  let running = false;
  let again = false;
  const run = async () => {
    running = true;
    do {
      again = false;
      await work().catch((error: unknown) => onError(error instanceof Error ? error : new Error(String(error))));
    } while (again);
    running = false;
  };
  return () => {
    again = true;
    if (!running) void run();
  };
}
