import { Counter, Histogram, type Registry } from '@tenon/telemetry';
import type { BuildsModules } from '../builds/build.service.js';
import type { RunsGuests, WarmsGuests } from '../executions/function-runner.js';

type Sandbox = RunsGuests & WarmsGuests & BuildsModules;

/** From a fresh instance of a small module to the longest deadline of a plan. */
const runBuckets = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 60];
const buildBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The same sandbox, counted: every run by its outcome and every build by how it ended, whoever asked for them. */
export function measuredSandbox(sandbox: Sandbox, registry: Registry): Sandbox {
  const registers = [registry];
  const outcome = { labelNames: ['outcome'], registers };
  const runs = new Histogram({
    name: 'tenon_run_duration_seconds',
    help: 'Time of one run of a function in the sandboxes, waiting included.',
    buckets: runBuckets,
    ...outcome,
  });
  const instructions = new Counter({
    name: 'tenon_instructions_total',
    help: 'WebAssembly instructions that runs have executed.',
    registers,
  });
  const builds = new Histogram({
    name: 'tenon_build_duration_seconds',
    help: 'Time of one build of an upload, waiting included.',
    buckets: buildBuckets,
    ...outcome,
  });
  return {
    execute: (...run) => {
      const startedMs = performance.now();
      const note = (ended: string) => runs.observe({ outcome: ended }, (performance.now() - startedMs) / 1_000);
      // No more than one promise on top of the pool's: every run of the system comes by here.
      return sandbox.execute(...run).then(
        (result) => {
          note(result.outcome);
          instructions.inc(result.instructionsUsed);
          return result;
        },
        (error: unknown) => {
          note(aborted);
          throw error;
        },
      );
    },
    warm: (artifact) => sandbox.warm(artifact),
    build: (...build) =>
      timed(
        builds,
        () => sandbox.build(...build),
        ({ status }) => status,
      ),
  };
}

/** The outcome of what never ended: a sandbox that was closed, or that could not be started. */
const aborted = 'aborted';

async function timed<Result>(
  histogram: Histogram,
  work: () => Promise<Result>,
  outcomeOf: (result: Result) => string,
): Promise<Result> {
  const end = histogram.startTimer();
  let outcome = aborted;
  try {
    const result = await work();
    outcome = outcomeOf(result);
    return result;
  } finally {
    end({ outcome });
  }
}
