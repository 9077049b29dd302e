import type { ExecutionResult } from '@tenon/contracts';
import { SandboxClosedError, SandboxOverloadedError } from '../errors.js';
import type { LinkEnd } from '../process/frame-link.js';
import type { SandboxProcess } from '../process/sandbox-process.js';
import { favouritePlace } from './affinity.js';
import type { ArtifactSource, Job } from './job.js';
import { type PlaceOptions, ProcessPlace } from './process-place.js';
import { refusedResult } from './refused-result.js';

/** After so many starts in a row that gave no working process, work is answered instead of kept waiting. */
const failedStartsInARowMax = 5;
/** Inputs that may wait, whatever their number. */
const queuedBytesMax = 256_000_000;

export interface GroupOptions {
  readonly processes: number;
  readonly inFlightMax: number;
  /** Where a run would wait longer than this, an artifact's favourite process shares its work with the others. */
  readonly spillWaitMs: number;
  readonly queueMax: number;
  readonly place: PlaceOptions;
}

export interface GroupHooks {
  /** Asked before a job is sent to a process: an answer means that it must not run. */
  refuse(job: Job): ExecutionResult | undefined;
  onLost(jobs: readonly Job[], end: LinkEnd): void;
  loadArtifact(artifact: ArtifactSource): Promise<Uint8Array>;
}

/** Processes that share one bounded queue. */
export class ProcessGroup {
  readonly places: readonly ProcessPlace[];
  lastUsedMs = performance.now();
  private queue: Job[] = [];
  private queueHead = 0;
  private queuedBytes = 0;
  private closed = false;

  constructor(
    private readonly options: GroupOptions,
    private readonly hooks: GroupHooks,
  ) {
    const placeHooks = { loadArtifact: hooks.loadArtifact, onRoom: () => this.drain(), onEnd: this.ended(hooks) };
    this.places = Array.from({ length: options.processes }, () => new ProcessPlace(options.place, placeHooks));
  }

  get queued(): number {
    return this.queue.length - this.queueHead;
  }

  get inFlight(): number {
    return this.places.reduce((sum, place) => sum + place.inFlight, 0);
  }

  get isBroken(): boolean {
    return this.places.every((place) => place.ready === undefined && place.failedStartsInARow >= failedStartsInARowMax);
  }

  /** @throws SandboxOverloadedError when the queue is full. */
  submit(job: Job): void {
    this.lastUsedMs = performance.now();
    if (this.isBroken) {
      job.settle(brokenResult());
      return;
    }
    const process = this.queued === 0 ? this.choose(job.artifact.id) : undefined;
    if (process !== undefined) {
      this.send(process, job);
      return;
    }
    if (this.queued >= this.options.queueMax || this.queuedBytes >= queuedBytesMax) {
      throw new SandboxOverloadedError(this.queued);
    }
    this.queue.push(job);
    this.queuedBytes += job.inputBytes;
  }

  /** Compiles an artifact in the process that its executions will prefer. */
  async warm(artifact: ArtifactSource): Promise<boolean> {
    const place = this.places[favouritePlace(artifact.id, this.places.length)];
    return (await place?.ready?.warm(artifact)) ?? false;
  }

  async close(graceMs: number): Promise<void> {
    this.closed = true;
    for (const job of this.takeQueue()) job.reject(new SandboxClosedError());
    await Promise.all(this.places.map((place) => place.close(graceMs)));
  }

  /** What waits can't wait for a process that never comes. */
  private ended(hooks: GroupHooks) {
    return (jobs: readonly Job[], end: LinkEnd): void => {
      if (jobs.length > 0) hooks.onLost(jobs, end);
      if (this.isBroken) for (const job of this.takeQueue()) job.settle(brokenResult());
    };
  }

  private takeQueue(): Job[] {
    const jobs = this.queue.slice(this.queueHead);
    this.queue = [];
    this.queueHead = 0;
    this.queuedBytes = 0;
    return jobs;
  }

  private drain(): void {
    while (this.queueHead < this.queue.length && !this.closed) {
      const job = this.queue[this.queueHead];
      if (job === undefined) return;
      const process = job.isAbandoned() ? undefined : this.choose(job.artifact.id);
      if (process === undefined && !job.isAbandoned()) return;
      this.queueHead += 1;
      this.queuedBytes -= job.inputBytes;
      if (process !== undefined) this.send(process, job);
      if (this.queueHead > 1_024 && this.queueHead * 2 > this.queue.length) {
        this.queue = this.queue.slice(this.queueHead);
        this.queueHead = 0;
      }
    }
  }

  /** Asked as late as this, because what a job waited behind may have been a run of the same artifact. */
  private send(process: SandboxProcess, job: Job): void {
    const refusal = this.hooks.refuse(job);
    if (refusal === undefined) process.execute(job);
    else job.settle(refusal);
  }

  /** The favourite while it has little to do, else whichever has least; none when all are full. */
  private choose(artifactId: string): SandboxProcess | undefined {
    const favourite = this.places[favouritePlace(artifactId, this.places.length)]?.ready;
    if (this.takesMore(favourite) && favourite.expectedWaitMs <= this.options.spillWaitMs) return favourite;
    let best: SandboxProcess | undefined;
    for (const { ready } of this.places) {
      if (!this.takesMore(ready)) continue;
      if (best === undefined || ready.inFlight < best.inFlight) best = ready;
    }
    return best;
  }

  private takesMore(process: SandboxProcess | undefined): process is SandboxProcess {
    return process?.hasRoom === true && process.inFlight < this.options.inFlightMax;
  }
}

function brokenResult() {
  return refusedResult('internal', 'No sandbox process could be started; the operator has to look at it.');
}
