import {
  type ExecutionLimits,
  type ExecutionRequest,
  type ExecutionResult,
  guestConfig,
  type Id,
  type Isolation,
  outcomes,
  unmeasuredResult,
} from '@tenon/contracts';
import type { RunnableFunction } from '@tenon/database';
import { SandboxClosedError } from '@tenon/sandbox';
import type { Logger } from '@tenon/telemetry';
import type { Gate } from '../shared/gate.js';
import type { Artifact, CurrentArtifacts } from './current-artifacts.js';
import type { OutputCheck } from './output-check.js';
import { runLimits } from './run-limits.js';

/** What one run is given. */
export interface RunInput {
  readonly tenantId: Id<'tenant'>;
  /** JSON text. */
  readonly input: string;
  readonly clockMs: number;
  readonly seed: string;
  /** Where the caller waits less long than the limits allow. */
  readonly deadlineMs?: number;
}

/** What a run did, and what it was given: enough to record it and to repeat it. */
export interface FinishedRun {
  readonly startedAtMs: number;
  readonly clockMs: number;
  readonly seed: string;
  /** The engine whose artifact ran. */
  readonly engine: string | null;
  readonly result: ExecutionResult;
}

/** The part of the sandbox pool that runs functions. */
export interface RunsGuests {
  execute(
    artifact: Artifact,
    request: ExecutionRequest,
    context: { readonly tenantId: string; readonly isolation: Isolation },
  ): Promise<ExecutionResult>;
}

/** The part that prepares functions for their first run. */
export interface WarmsGuests {
  /** Compiles an artifact. @returns whether it is warm now */
  warm(artifact: Artifact): Promise<boolean>;
}

/** Runs one function on one input and holds the output to its contract. */
export class FunctionRunner {
  constructor(
    private readonly pool: RunsGuests,
    private readonly artifacts: Pick<CurrentArtifacts, 'ready' | 'of'>,
    private readonly outputs: OutputCheck,
    private readonly gate: Pick<Gate, 'enter' | 'leave'>,
    private readonly logger: Logger,
  ) {}

  /**
   * What goes wrong on our side is the outcome `internal`.
   *
   * @throws SandboxClosedError when the worker is stopping: then another worker should run it.
   */
  async run(target: RunnableFunction, given: RunInput): Promise<FinishedRun> {
    const { tenantId, clockMs, seed } = given;
    const turn = this.gate.enter(tenantId);
    if (turn !== undefined) await turn;
    const startedAtMs = Date.now();
    let tookMs = 0;
    try {
      const artifact = this.artifacts.ready(target) ?? (await this.artifacts.of(tenantId, target));
      const context = { tenantId, isolation: target.isolation };
      const result = await this.pool.execute(artifact, requestOf(target, given), context);
      tookMs = result.wallUs / 1_000;
      const checked = this.outputs.apply(result, target.point);
      return { startedAtMs, clockMs, seed, result: checked, engine: artifact.engine };
    } catch (error) {
      if (error instanceof SandboxClosedError) throw error;
      this.logger.error({ err: error, versionId: target.versionId }, 'a function could not be run');
      return { startedAtMs, clockMs, seed, result: internalFailure, engine: target.engine };
    } finally {
      this.gate.leave(tenantId, tookMs);
    }
  }
}

function requestOf(target: RunnableFunction, { input, clockMs, seed, deadlineMs }: RunInput): ExecutionRequest {
  const config = guestConfig(target.settings);
  const limits = tightened(runLimits(target), deadlineMs);
  return config === undefined ? { input, clockMs, seed, limits } : { input, clockMs, seed, limits, config };
}

function tightened(limits: ExecutionLimits, deadlineMs = limits.deadlineMs): ExecutionLimits {
  return deadlineMs >= limits.deadlineMs ? limits : { ...limits, deadlineMs: Math.max(1, Math.floor(deadlineMs)) };
}

/** Says nothing about why: that is for the operator's log, not for a tenant. */
const internalFailure = unmeasuredResult('internal', outcomes.internal.sentence);
