import { Inject, Injectable } from '@nestjs/common';
import { newId, ProblemError, type RunResponse } from '@tenon/contracts';
import type { TenantCaller } from '../http/caller.js';
import { RUN_WORKERS } from '../platform/tokens.js';
import type { RunWorkers } from './run-workers.js';

/** What a caller asks for. */
export interface WantedRun {
  readonly point: string;
  /** The body of the request, as it came and was checked. */
  readonly body: Uint8Array;
  readonly deadlineMs: number | undefined;
  /** Since the request came. */
  readonly spentMs: number;
}

/** The body of an answer, and where the time went. */
export interface RunOutcome {
  readonly body: Uint8Array;
  readonly serverTiming: string;
}

/** A refusal that says where the time went all the same. */
export class TimedProblem extends ProblemError {
  constructor(
    { code, detail, errors }: NonNullable<RunResponse['refusal']>,
    readonly serverTiming: string,
  ) {
    super(code, detail, errors);
  }
}

/** The longest deadline that a point may have, for callers who name none; the worker knows the point's own. */
const deadlineMsMax = 60_000;
/** For the way to the worker and back, and for keeping the records. */
const marginMs = 500;

/** Runs points while their callers wait. */
@Injectable()
export class RunsService {
  constructor(@Inject(RUN_WORKERS) private readonly workers: Pick<RunWorkers, 'run'>) {}

  /** @throws ProblemError */
  async run(caller: TenantCaller, { point, body, deadlineMs, spentMs }: WantedRun): Promise<RunOutcome> {
    const startMs = performance.now() - spentMs;
    const { tenantId, actor } = caller;
    const request = { runId: newId('event'), tenantId, point, actor, spentMs, ...(deadlineMs && { deadlineMs }) };
    const timeoutMs = (deadlineMs ?? deadlineMsMax) - spentMs + marginMs;
    const { head, body: answer } = await this.workers.run(request, body, timeoutMs);
    const serverTiming = timingText(head, performance.now() - startMs);
    if (head.refusal !== undefined) throw new TimedProblem(head.refusal, serverTiming);
    return { body: answer, serverTiming };
  }
}

/** https://www.w3.org/TR/server-timing/: milliseconds. What is not the worker's is the api's and the way between. */
function timingText({ timing }: RunResponse, totalMs: number): string {
  const total = `total;dur=${totalMs.toFixed(2)}`;
  if (timing === undefined) return total;
  const { check, run, keep } = timing;
  const api = Math.max(0, totalMs - check - run - keep);
  return `api;dur=${api.toFixed(2)}, check;dur=${check.toFixed(2)}, run;dur=${run.toFixed(2)}, keep;dur=${keep.toFixed(2)}, ${total}`;
}
