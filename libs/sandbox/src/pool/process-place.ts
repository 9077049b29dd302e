import type { LinkEnd } from '../process/frame-link.js';
import { SandboxProcess, type SandboxProcessHooks, type SandboxProcessOptions } from '../process/sandbox-process.js';
import { backoffMs } from './backoff.js';
import type { ArtifactSource, Job } from './job.js';
import type { SandboxLogger } from './pool-options.js';

/** A process that lived this long or answered this much was no part of a crash loop. */
const healthyMs = 30_000;
const healthyExecutions = 1_000;
/** A process that died at work was most likely ended by a guest: its neighbours wait for the next one, so not for long. */
const delayAfterWorkMsMax = 1_000;

export interface PlaceOptions {
  readonly process: SandboxProcessOptions;
  readonly recycleAfterExecutions: number;
  readonly rssBytesMax: number;
  readonly logger: SandboxLogger;
}

export interface PlaceHooks {
  /** There is room for more work. */
  onRoom(): void;
  /** A process ended, with these in flight. */
  onEnd(jobs: readonly Job[], end: LinkEnd): void;
  loadArtifact(artifact: ArtifactSource): Promise<Uint8Array>;
}

/** One place in a group: the process that fills it now, its replacement when it is worn out, the wait after a crash. */
export class ProcessPlace implements SandboxProcessHooks {
  private current: SandboxProcess | undefined;
  private next: SandboxProcess | undefined;
  private readonly leaving = new Set<SandboxProcess>();
  private restart: NodeJS.Timeout | undefined;
  private closed = false;
  private onAllEnded: (() => void) | undefined;
  /** Starts in a row that gave no process that could work. What dies at work is not among them: a guest did that. */
  failedStartsInARow = 0;
  private deathsInARow = 0;
  crashes = 0;
  recycled = 0;
  executionsOfPast = 0;

  constructor(
    private readonly options: PlaceOptions,
    private readonly hooks: PlaceHooks,
  ) {
    this.start();
  }

  /** The process to send work to, if one is up. */
  get ready(): SandboxProcess | undefined {
    return this.current?.isReady === true ? this.current : undefined;
  }

  get inFlight(): number {
    let sum = this.current?.inFlight ?? 0;
    for (const process of this.leaving) sum += process.inFlight;
    return sum;
  }

  get executions(): number {
    let sum = this.executionsOfPast + (this.current?.executions ?? 0) + (this.next?.executions ?? 0);
    for (const process of this.leaving) sum += process.executions;
    return sum;
  }

  loadArtifact(artifact: ArtifactSource): Promise<Uint8Array> {
    return this.hooks.loadArtifact(artifact);
  }

  onReady(process: SandboxProcess): void {
    if (process === this.next) this.swap(process);
    this.hooks.onRoom();
  }

  onResult(process: SandboxProcess): void {
    if (process.executions === healthyExecutions) this.deathsInARow = 0;
    if (this.leaving.has(process)) process.closeWhenIdle();
    else if (process === this.current && this.isWornOut(process)) this.prepareNext();
    this.hooks.onRoom();
  }

  onStderr(process: SandboxProcess, text: string): void {
    this.options.logger.warn({ pid: process.pid, stderr: text }, 'a sandbox process wrote to stderr');
  }

  onEnd(process: SandboxProcess, end: LinkEnd, lost: readonly Job[]): void {
    this.executionsOfPast += process.executions;
    this.leaving.delete(process);
    const wasNext = process === this.next;
    if (wasNext) this.next = undefined;
    if (process === this.current) this.current = undefined;
    if (!this.closed && !end.expected) this.afterCrash(process, end);
    this.hooks.onEnd(lost, end);
    if (this.closed && this.isEmpty) this.onAllEnded?.();
  }

  /** Lets what is in flight finish, at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.closed = true;
    clearTimeout(this.restart);
    const all = [this.current, this.next, ...this.leaving].filter((process) => process !== undefined);
    this.current = undefined;
    this.next = undefined;
    for (const process of all) this.leave(process);
    if (this.isEmpty) return;
    const ended = new Promise<void>((resolve) => {
      this.onAllEnded = resolve;
    });
    const giveUp = setTimeout(
      () =>
        all.forEach((process) => {
          process.kill('the pool was closed');
        }),
      graceMs,
    );
    await ended;
    clearTimeout(giveUp);
  }

  private get isEmpty(): boolean {
    return this.current === undefined && this.next === undefined && this.leaving.size === 0;
  }

  private start(): void {
    this.current = new SandboxProcess(this.options.process, this);
  }

  private isWornOut(process: SandboxProcess): boolean {
    const rssBytes = process.vitals?.rssBytes ?? 0;
    return process.executions >= this.options.recycleAfterExecutions || rssBytes > this.options.rssBytesMax;
  }

  /** The old process works on until its replacement is up. */
  private prepareNext(): void {
    if (this.next !== undefined || this.closed) return;
    this.next = new SandboxProcess(this.options.process, this);
  }

  private swap(process: SandboxProcess): void {
    this.next = undefined;
    const worn = this.current;
    this.current = process;
    if (worn === undefined) return;
    this.recycled += 1;
    this.leave(worn);
  }

  private leave(process: SandboxProcess): void {
    this.leaving.add(process);
    process.closeWhenIdle();
  }

  private afterCrash(process: SandboxProcess, end: LinkEnd): void {
    const atWork = process.endedAtWork;
    this.crashes += 1;
    if (performance.now() - process.startedAtMs > healthyMs) this.deathsInARow = 0;
    this.deathsInARow += 1;
    this.failedStartsInARow = process.isReady && atWork ? 0 : this.failedStartsInARow + 1;
    const delayMs = Math.min(backoffMs(this.deathsInARow), atWork ? delayAfterWorkMsMax : Number.POSITIVE_INFINITY);
    this.options.logger.error(
      { pid: process.pid, reason: end.reason, stderr: end.stderr, crashes: this.crashes, delayMs },
      'a sandbox process ended unexpectedly',
    );
    if (this.current !== undefined || this.next !== undefined || this.restart !== undefined) return;
    this.restart = setTimeout(() => {
      this.restart = undefined;
      if (!this.closed && this.current === undefined) this.start();
    }, delayMs);
  }
}
