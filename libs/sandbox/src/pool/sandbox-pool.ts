import type { BuildResult, ExecutionRequest, ExecutionResult } from '@tenon/contracts';
import { SandboxClosedError } from '../errors.js';
import { clauseOf, type LinkEnd } from '../process/frame-link.js';
import { launchArguments } from '../process/launch-arguments.js';
import { inFlightMax } from '../process/sandbox-process.js';
import { sandboxUser } from '../process/sandbox-user.js';
import type { BuildRequestOptions } from '../protocol/build-messages.js';
import { sandboxExitCodes } from '../protocol/control.js';
import { configBytesMax } from '../protocol/run-request.js';
import { ArtifactStore } from './artifact-store.js';
import { BuildQueue } from './build-queue.js';
import { Convictions } from './convictions.js';
import { DedicatedGroups } from './dedicated-groups.js';
import type { ArtifactSource, Job } from './job.js';
import { type ResolvedPoolOptions, resolvePoolOptions, type SandboxPoolOptions } from './pool-options.js';
import { type PoolStats, statsOf } from './pool-stats.js';
import { ProcessGroup } from './process-group.js';
import { refusedResult } from './refused-result.js';
import { RunTimes } from './run-times.js';

export interface ExecutionContext {
  readonly tenantId: string;
  /** `dedicated`: processes that serve this tenant alone. The default is `shared`. */
  readonly isolation?: 'shared' | 'dedicated';
  /** Gives up waiting: `execute` rejects with the signal's reason. A run that has begun ends by its own limits. */
  readonly signal?: AbortSignal;
}

export interface BuildContext {
  readonly tenantId?: string;
}

/** Runs artifacts in sandbox processes. */
export interface SandboxPool {
  /**
   * Runs an artifact once, in a fresh instance. Whatever the guest does is a result, never a rejection.
   *
   * @throws SandboxOverloadedError when too much work waits already.
   * @throws SandboxClosedError after `close`.
   */
  execute(artifact: ArtifactSource, request: ExecutionRequest, context: ExecutionContext): Promise<ExecutionResult>;
  /**
   * Builds an upload in a sandbox of its own kind. Whatever the bytes are, the answer is a result.
   *
   * @param context whose upload it is: tenants take turns. Without it the upload counts as a tenant's only one.
   * @throws SandboxOverloadedError when too many builds wait already.
   * @throws SandboxClosedError after `close`.
   */
  build(module: Uint8Array, options?: BuildRequestOptions, context?: BuildContext): Promise<BuildResult>;
  /** Compiles an artifact ahead of its first run. @returns whether it is warm now. */
  warm(artifact: ArtifactSource): Promise<boolean>;
  stats(): PoolStats;
  /** Refuses new work, lets what is in flight finish within `closeGraceMs`, and ends every process. */
  close(): Promise<void>;
}

export function createSandboxPool(options: SandboxPoolOptions = {}): SandboxPool {
  const resolved = resolvePoolOptions(options);
  const user = sandboxUser(resolved, resolved.sandboxPath, resolved.logger);
  return new ProcessPool({ ...resolved, ...user });
}

class ProcessPool implements SandboxPool {
  private readonly artifacts: ArtifactStore;
  private readonly shared: ProcessGroup;
  private readonly dedicated: DedicatedGroups;
  private readonly builds: BuildQueue;
  /** Runs one execution at a time: those whose process ended under them, to tell the culprit from its neighbours. */
  private suspects: ProcessGroup | undefined;
  private readonly convictions = new Convictions();
  private closed = false;

  constructor(private readonly options: ResolvedPoolOptions) {
    this.artifacts = new ArtifactStore(options.artifactBytesMax);
    this.shared = this.createGroup(options.processes, inFlightMax);
    this.builds = new BuildQueue(options);
    this.dedicated = new DedicatedGroups(options, () => this.createGroup(1, inFlightMax));
  }

  /** No function that is asynchronous itself: it would put a second promise around the one that it returns. */
  execute(artifact: ArtifactSource, request: ExecutionRequest, context: ExecutionContext): Promise<ExecutionResult> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw new SandboxClosedError();
      context.signal?.throwIfAborted();
      const inputBytes = Buffer.byteLength(request.input);
      const configBytes = configBytesOf(request.config);
      const refusal = tooLarge(inputBytes, request.limits.inputBytesMax, configBytes);
      if (refusal !== undefined) resolve(refusal);
      else this.groupFor(context).submit(jobOf(artifact, request, inputBytes + configBytes, context, resolve, reject));
    });
  }

  private groupFor({ isolation, tenantId }: ExecutionContext): ProcessGroup {
    return isolation === 'dedicated' ? this.dedicated.for(tenantId) : this.shared;
  }

  build(module: Uint8Array, options: BuildRequestOptions = {}, context: BuildContext = {}): Promise<BuildResult> {
    return this.builds.build(module, options, context.tenantId);
  }

  warm(artifact: ArtifactSource): Promise<boolean> {
    return this.shared.warm(artifact);
  }

  stats(): PoolStats {
    return statsOf([this.shared, ...this.dedicated.all()], this.suspects);
  }

  async close(): Promise<void> {
    this.closed = true;
    const groups = [this.shared, ...this.dedicated.all(), ...(this.suspects ? [this.suspects] : [])];
    this.dedicated.stop();
    await Promise.all([this.builds.close(), ...groups.map((group) => group.close(this.options.closeGraceMs))]);
  }

  private createGroup(processes: number, inFlight: number): ProcessGroup {
    return new ProcessGroup(groupOptions(this.options, processes, inFlight), {
      onLost: (jobs, end) => this.onLost(jobs, end),
      refuse: (job) => this.convictions.refuse(job),
      loadArtifact: (artifact) => this.artifacts.get(artifact),
    });
  }

  /**
   * A process ended with executions in flight. Any of them may have ended it, so each runs again alone: guests have no
   * side effects, and who ends a process that it had to itself is convicted.
   */
  private onLost(jobs: readonly Job[], end: LinkEnd): void {
    for (const job of jobs) {
      job.losses += 1;
      if (this.closed) job.reject(new SandboxClosedError());
      else if (job.losses === 1) this.retryAlone(job);
      else this.convict(job, convicted(end, job.request.limits));
    }
  }

  private convict(job: Job, verdict: ExecutionResult): void {
    this.convictions.add(job, verdict);
    job.settle(verdict);
  }

  private retryAlone(job: Job): void {
    try {
      this.suspects ??= this.createGroup(1, 1);
      this.suspects.submit(job);
    } catch {
      job.settle(refusedResult('internal', 'The sandbox process ended, and too many executions wait to be retried.'));
    }
  }
}

/**
 * Runs of a burst share their wake-ups, caches and memories in one process, so a second one is asked only for what would
 * wait for as long as a few dozen small runs take.
 */
const spillWaitMs = 5;

function groupOptions(options: ResolvedPoolOptions, processes: number, inFlight: number) {
  const { sandboxPath, uid, gid, logger, recycleAfterExecutions, rssBytesMax, pingEveryMs, answerMsMax } = options;
  const configuration = {
    threads: inFlight === 1 ? 1 : options.threadsPerProcess,
    tenantThreads: options.tenantThreadsPerProcess,
    cacheBytesMax: options.cacheBytesMax,
    threadHeapMbMax: options.threadHeapMbMax,
    prepareMsMax: options.prepareMsMax,
    // Who made a shared process too large must do the same to the smaller one that it gets alone, or it is never found.
    rssBytesMax: inFlight === 1 ? rssBytesMax / 2 : rssBytesMax,
  };
  const args = launchArguments({ role: 'run', bundlePath: sandboxPath });
  const command = { file: process.execPath, arguments: args, uid, gid };
  return {
    processes,
    inFlightMax: inFlight,
    spillWaitMs,
    queueMax: options.queueMax,
    place: {
      process: { command, configuration, pingEveryMs, answerMsMax, runTimes: new RunTimes() },
      recycleAfterExecutions,
      rssBytesMax,
      logger,
    },
  };
}

/** V8 says so on stderr, where no guest can write, before it ends the process. */
const outOfMemory = /heap out of memory|OOM|Allocation failed/i;

function convicted(end: LinkEnd, limits: ExecutionRequest['limits']): ExecutionResult {
  if (end.exitCode === sandboxExitCodes.threadStuck) {
    const message = `Still running after ${limits.deadlineMs} ms, and only its process could be ended.`;
    return refusedResult('deadline', message, { name: 'deadlineMs', max: limits.deadlineMs });
  }
  if (end.exitCode === sandboxExitCodes.memoryRanAway || outOfMemory.test(end.stderr)) {
    return refusedResult('memory_limit', 'The guest exhausted the memory of the sandbox process.');
  }
  return refusedResult('internal', `The sandbox process ${clauseOf(end)} while it ran this execution alone.`);
}

/** What is answered where a run is given more than it may be. */
function tooLarge(inputBytes: number, inputBytesMax: number, configBytes: number): ExecutionResult | undefined {
  if (inputBytes > inputBytesMax) {
    const message = `The input is ${inputBytes} bytes; the limit is ${inputBytesMax}.`;
    return refusedResult('input_too_large', message, { name: 'inputBytesMax', max: inputBytesMax, actual: inputBytes });
  }
  if (configBytes <= configBytesMax) return undefined;
  const message = `The settings of the function are ${configBytes} bytes; a run takes at most ${configBytesMax}.`;
  return refusedResult('internal', message);
}

function configBytesOf(config: ExecutionRequest['config']): number {
  return config === undefined ? 0 : Buffer.byteLength(JSON.stringify(config));
}

function jobOf(
  artifact: ArtifactSource,
  request: ExecutionRequest,
  inputBytes: number,
  context: ExecutionContext,
  resolve: (result: ExecutionResult) => void,
  reject: (error: Error) => void,
): Job {
  const { signal } = context;
  const job: Job = {
    artifact,
    request,
    inputBytes,
    tenantId: context.tenantId,
    losses: 0,
    expectedMs: 0,
    settle: resolve,
    reject,
    isAbandoned: () => signal?.aborted === true,
  };
  if (signal === undefined) return job;
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    ...job,
    settle: (result) => {
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    },
  };
}
