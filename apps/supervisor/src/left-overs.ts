import { endProcess, startStampOf } from '@tenon/devstack';
import { z } from 'zod';
import { layout } from './layout.js';
import { readPrivateJson, writePrivateJson } from './private-json.js';

const processesSchema = z.record(z.string(), z.object({ pid: z.int(), startStamp: z.string() }));
type Processes = z.output<typeof processesSchema>;

/** Ends api and worker of a start that was killed, should its guards not have done so yet. */
export async function endLeftOvers(): Promise<void> {
  const left = (await readPrivateJson(layout.processesFile, processesSchema)) ?? {};
  await Promise.all(
    Object.values(left).map(async ({ pid, startStamp }) => {
      // The stamp tells it from a stranger that has been given the same id since.
      if (startStamp !== '' && (await startStampOf(pid)) === startStamp) await endProcess(pid, 'SIGTERM', 15_000);
    }),
  );
}

/** Remembers our processes for {@link endLeftOvers} of the next start. */
export function processRecorder(): (name: string, pid: number) => Promise<void> {
  let known: Processes = {};
  let writing = Promise.resolve();
  return async (name, pid) => {
    // Awaited first: two processes start at once, and neither may write over the other's entry.
    const startStamp = await startStampOf(pid);
    known = { ...known, [name]: { pid, startStamp } };
    writing = writing.then(() => writePrivateJson(layout.processesFile, known));
    await writing;
  };
}
