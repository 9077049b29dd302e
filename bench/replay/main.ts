/**
 * `npm run bench -- replay [--json] [--executions=<n>]`: runs every example guest by events, synchronous runs and tests,
 * on inputs of all kinds and with failures among them, then asks for each recorded execution again through the api and
 * counts how many gave the same outcome, output and instruction count. Ends with 1 unless all did.
 */
import { startBenchStack } from '../pipeline/stack.ts';
import { compareOthers } from './compare-others.ts';
import { startGuests } from './guests.ts';
import { inParallel, type Recorded, recordRuns } from './record.ts';
import { replay } from './replay-request.ts';

const json = process.argv.includes('--json');
const wanted = Number(process.argv.find((argument) => argument.startsWith('--executions='))?.slice(13) ?? 10_000);
const differencesShown = 10;

/** Replays of one guest. */
interface Tally {
  replayed: number;
  equal: number;
  failures: number;
}

function say(line: string): void {
  if (!json) console.error(line);
}

const stack = await startBenchStack();
try {
  const points = await startGuests(stack);
  const startMs = performance.now();
  const recorded = (await recordRuns(stack, points, wanted)).slice(0, Math.max(wanted, 0));
  say(`${recorded.length} executions in ${Math.round((performance.now() - startMs) / 1_000)} s`);
  const tallies = new Map<string, Tally>();
  const differing: string[] = [];
  const replayMs = performance.now();
  const replayOne = async (run: Recorded) => {
    const tally = tallies.get(run.function) ?? { replayed: 0, equal: 0, failures: 0 };
    tallies.set(run.function, tally);
    const answer = await replay(stack, run.id, {});
    tally.replayed += 1;
    if (run.outcome !== 'succeeded') tally.failures += 1;
    if (answer.reproduced === true) tally.equal += 1;
    else
      differing.push(
        `${run.function} ${run.kind} ${run.id}: ${JSON.stringify({ ...answer, original: undefined, replay: undefined })}`,
      );
  };
  await inParallel(recorded.length, async (turn) => {
    const run = recorded[turn];
    if (run !== undefined) await replayOne(run);
  });
  const others = await compareOthers(stack, points, recorded);
  for (const line of differing.slice(0, differencesShown)) console.error(line);
  const sum = (figure: keyof Tally) => [...tallies.values()].reduce((total, tally) => total + tally[figure], 0);
  const result = {
    bench: 'replay',
    replayed: sum('replayed'),
    equal: sum('equal'),
    failures: sum('failures'),
    by_guest: Object.fromEntries([...tallies].sort()),
    by_kind: Object.fromEntries(
      [...Map.groupBy(recorded, ({ kind }) => kind)].map(([kind, runs]) => [kind, runs.length]),
    ),
    by_outcome: Object.fromEntries(
      [...Map.groupBy(recorded, ({ outcome }) => outcome)].map(([outcome, runs]) => [outcome, runs.length]),
    ),
    ...others,
    replay_s: Math.round((performance.now() - replayMs) / 1_000),
  };
  console.log(JSON.stringify(result));
  const isComplete = result.replayed >= wanted && result.equal === result.replayed;
  process.exitCode = isComplete && others.compared === others.compared_well ? 0 : 1;
} finally {
  await stack.stop();
}
