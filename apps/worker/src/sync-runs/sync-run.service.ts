import {
  executionIdFor,
  type Id,
  idTimeMs,
  ProblemError,
  type RunRequest,
  type RunTiming,
  runBodySchema,
  synchronousDeadlineMs,
  unmeasuredResult,
} from '@tenon/contracts';
import type { RunnablePoint } from '@tenon/database';
import { type PointRun, runPoint, type Turn } from '../combination/run-point.js';
import type { RunOne } from '../executions/batch-run.js';
import { seedFor } from '../executions/determinism.js';
import { keptRecord } from '../executions/execution-records.js';
import type { FinishedRun } from '../executions/function-runner.js';
import type { Admission } from './admission.js';
import type { LivePoint, LivePoints, LookedUp } from './live-points.js';
import { Patience } from './patience.js';
import { answerText, assertStands, type ExecutionIdOf } from './run-answer.js';
import type { RunQuota } from './run-quota.js';
import type { RunRecorder } from './run-recorder.js';

/** An answer with where its time went. */
export interface SyncRunAnswer {
  /** JSON text. */
  readonly body: string;
  readonly timing: RunTiming;
}

/** A run that was refused, or that failed where the point does not do without. */
export class RunRefusal extends Error {
  constructor(
    readonly problem: ProblemError,
    /** False where nothing was run: another worker may. */
    readonly begun: boolean,
    readonly timing?: RunTiming,
  ) {
    super(problem.message, { cause: problem });
  }
}

export interface SyncRunParts {
  readonly points: Pick<LivePoints, 'find'>;
  readonly quota: Pick<RunQuota, 'admit' | 'assertPlace' | 'end'>;
  readonly run: RunOne;
  readonly recorder: Pick<RunRecorder, 'keep' | 'isFull'>;
  readonly admission: Admission;
}

/** What was run on which input, and from when to when. */
interface Attempt {
  readonly live: LivePoint;
  /** JSON text. */
  readonly input: string;
  readonly ran: PointRun;
  readonly checkedMs: number;
  readonly ranMs: number;
}

const decoder = new TextDecoder();

/** Runs a point while its caller waits, under one deadline for all of it. */
export class SyncRunService {
  private readonly patience = new Patience();

  constructor(private readonly parts: SyncRunParts) {}

  get load(): number {
    return this.parts.admission.load;
  }

  /** @param body - of the public request: it has passed the api. @throws RunRefusal */
  async run(request: RunRequest, body: Uint8Array): Promise<SyncRunAnswer> {
    const startMs = performance.now() - request.spentMs;
    const { admission } = this.parts;
    const leftMs = (request.deadlineMs ?? synchronousDeadlineMs) - request.spentMs;
    if (!admission.admits(request.tenantId, leftMs)) throw busy();
    if (this.parts.recorder.isFull()) throw busy();
    const place = admission.begin(request.tenantId);
    let guestMs = 0;
    try {
      const looked = this.parts.points.find(request.tenantId, request.point);
      // It is waited for where the run was let in.
      looked.current.catch(() => undefined);
      await this.admitted(request);
      let isCounted = false;
      // Until it is recorded, and so counted as used, a run that was kept counts as pending.
      const ended = () => this.parts.quota.end(request.tenantId);
      try {
        this.assertPlace(request, place);
        const { live, input, ran, checkedMs, ranMs } = await this.ranAsIsLive(request, body, looked, startMs);
        const knownMs = performance.now();
        guestMs = ran.runs.reduce((sum, { run }) => sum + run.result.wallUs / 1_000, 0);
        const idOf = idsOf(request);
        const executions = ran.runs.map((step) => keptRecord(step, { id: idOf(step), kind: 'sync', attempt: 1 }));
        isCounted = await this.parts.recorder.keep(
          { tenantId: request.tenantId, actor: request.actor, executions },
          ended,
        );
        const timing = {
          check: checkedMs - startMs - request.spentMs + knownMs - ranMs,
          run: ranMs - checkedMs,
          keep: performance.now() - knownMs,
        };
        return { body: concluded(live.point, ran, input, idOf, timing), timing };
      } finally {
        if (!isCounted) ended();
      }
    } finally {
      admission.end(request.tenantId, guestMs);
    }
  }

  private assertPlace({ tenantId }: RunRequest, place: number): void {
    try {
      this.parts.quota.assertPlace(tenantId, place);
    } catch (error) {
      throw refusedBy(error);
    }
  }

  private async admitted({ tenantId }: RunRequest): Promise<void> {
    try {
      const admitting = this.parts.quota.admit(tenantId);
      if (admitting !== undefined) await admitting;
    } catch (error) {
      throw refusedBy(error);
    }
  }

  /**
   * Runs what was live a moment ago while it is asked whether it still is. Where it is not, that run is nobody's: a run
   * has no effect but its record, and that is written only now. Not where a circuit is open: a run may be the one that
   * tries whether the function works again, and nobody's run must not take that turn.
   */
  private async ranAsIsLive(
    request: RunRequest,
    body: Uint8Array,
    { lately, current }: LookedUp,
    startMs: number,
  ): Promise<Attempt> {
    const mayBegin = lately?.functions.every(({ circuit }) => circuit === undefined) ?? false;
    const early = lately === undefined || !mayBegin ? undefined : this.attempt(request, body, lately, startMs);
    early?.catch(() => undefined);
    const live = await current;
    if (live === null) throw refusedBy(new ProblemError('not_found', 'There is no such extension point.'));
    return early !== undefined && live === lately ? early : this.attempt(request, body, live, startMs);
  }

  private async attempt(request: RunRequest, body: Uint8Array, live: LivePoint, startMs: number): Promise<Attempt> {
    const input = acceptedInput(live, body);
    const checkedMs = performance.now();
    const ran = await this.runAll(request, live, input, startMs + deadlineOf(live.point, request));
    return { live, input, ran, checkedMs, ranMs: performance.now() };
  }

  private runAll(request: RunRequest, live: LivePoint, input: string, deadlineAtMs: number): Promise<PointRun> {
    const turns = live.functions.map((target, index) => ({ target, position: index + 1 }));
    const clockMs = idTimeMs(request.runId);
    const runTurn = ({ target }: Turn, given: string): Promise<FinishedRun> => {
      const seed = seedFor(request.runId, target.functionId);
      const deadlineMs = deadlineAtMs - performance.now();
      const late = (message: string) => tooLate(clockMs, seed, message);
      if (deadlineMs <= 0) return Promise.resolve(late('The deadline had passed before its turn came.'));
      const run = this.parts.run(target, { tenantId: request.tenantId, input: given, clockMs, seed, deadlineMs });
      // The sandbox ends a guest by itself; this is for one that never got its turn.
      return this.patience.within(run, deadlineMs + graceMs, () => late(noAnswer));
    };
    return runPoint(live.point, turns, input, runTurn);
  }
}

/** An id is a hash, and wanted for the record as well as for the answer. */
function idsOf({ runId }: RunRequest): ExecutionIdOf {
  const ids = new Map<Id<'function'>, Id<'execution'>>();
  return ({ target: { functionId } }) => {
    const id = ids.get(functionId) ?? executionIdFor(runId, functionId, 1);
    ids.set(functionId, id);
    return id;
  };
}

function concluded(point: RunnablePoint, ran: PointRun, input: string, idOf: ExecutionIdOf, timing: RunTiming): string {
  try {
    assertStands(point, ran, idOf);
    return answerText(point, ran, input, idOf);
  } catch (error) {
    if (error instanceof ProblemError) throw new RunRefusal(error, true, timing);
    throw error;
  }
}

/** A point that is made for callers who wait has its deadline; the others have that of synchronous runs. */
function deadlineOf({ mode, limits }: RunnablePoint, { deadlineMs = Number.POSITIVE_INFINITY }: RunRequest): number {
  const own = mode === 'sync' ? limits.deadlineMs : Math.min(limits.deadlineMs, synchronousDeadlineMs);
  return Math.min(own, deadlineMs);
}

/** @throws RunRefusal */
function acceptedInput(live: LivePoint, body: Uint8Array): string {
  try {
    return inputOf(live, body);
  } catch (error) {
    throw refusedBy(error);
  }
}

/** JSON text of the input. It is written anew, so that what a guest reads is the same however a caller spaced it. */
function inputOf({ point, input: schema }: LivePoint, body: Uint8Array): string {
  const { input } = runBodySchema.parse(JSON.parse(decoder.decode(body)));
  const errors = schema.check(input, '/body/input');
  if (errors.length > 0) {
    throw new ProblemError('invalid_request', `The input does not fit the extension point "${point.name}".`, errors);
  }
  const text = JSON.stringify(input);
  const bytes = Buffer.byteLength(text);
  if (bytes <= point.limits.inputBytesMax) return text;
  const detail = `The input has ${bytes} bytes as JSON; the extension point takes at most ${point.limits.inputBytesMax}.`;
  throw new ProblemError('payload_too_large', detail);
}

/** A guest that is ended at its deadline says what it used; that takes a moment. */
const graceMs = 10;

const noAnswer = 'It gave no answer by its deadline: it still ran, or still waited for its turn.';

function tooLate(clockMs: number, seed: string, message: string): FinishedRun {
  const result = unmeasuredResult('deadline', message);
  return { startedAtMs: Date.now(), clockMs, seed, engine: null, result };
}

function busy(): RunRefusal {
  return new RunRefusal(
    new ProblemError('unavailable', 'Too many runs wait already for this one to end in time.'),
    false,
  );
}

function refusedBy(error: unknown): unknown {
  return error instanceof ProblemError ? new RunRefusal(error, false) : error;
}
