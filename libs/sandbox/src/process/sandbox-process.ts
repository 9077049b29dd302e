import { ProtocolError } from '../errors.js';
import type { ArtifactSource, Job } from '../pool/job.js';
import { refusedResult } from '../pool/refused-result.js';
import type { RunTimes } from '../pool/run-times.js';
import type { SandboxConfiguration, SandboxVitals } from '../protocol/control.js';
import { encodeFrame, encodeJsonFrame, type Frame, frameKinds } from '../protocol/frames.js';
import { decodeRunResult } from '../protocol/result-decoder.js';
import { artifactIdBytes, encodeExecuteFrame } from '../protocol/run-request.js';
import { parseVitals, parseWarmed } from '../protocol/vitals.js';
import { FrameLink, type LinkEnd, type SandboxCommand } from './frame-link.js';
import { InFlight } from './in-flight.js';

/** Output and log at their largest, with room for the rest of a result. */
const resultBytesMax = 24_000_000;
/** Executions in flight in one process; the sandbox has 256 slots for each queue. */
export const inFlightMax = 192;
/** Input of executions in flight in one process; the sandbox keeps them in an arena of 64 MiB. */
const inFlightBytesMax = 48_000_000;

export interface SandboxProcessOptions {
  readonly command: SandboxCommand;
  readonly configuration: SandboxConfiguration;
  /** How often a busy process is asked whether it lives, and how long it may take to answer. */
  readonly pingEveryMs: number;
  readonly answerMsMax: number;
  readonly runTimes: RunTimes;
}

export interface SandboxProcessHooks {
  onReady(process: SandboxProcess): void;
  /** Something was answered: there is room for more. */
  onResult(process: SandboxProcess): void;
  /** Called once, with whatever was still in flight. */
  onEnd(process: SandboxProcess, end: LinkEnd, lost: readonly Job[]): void;
  onStderr(process: SandboxProcess, text: string): void;
  loadArtifact(artifact: ArtifactSource): Promise<Uint8Array>;
}

/** The host's end of one sandbox process: what is in flight there, and whether it still answers. */
export class SandboxProcess {
  readonly startedAtMs = performance.now();
  executions = 0;
  vitals: SandboxVitals | undefined;
  isReady = false;
  /** True once it ended while it ran or compiled something for a tenant. */
  endedAtWork = false;
  private readonly link: FrameLink;
  private readonly jobs = new InFlight<Job>();
  private readonly warming = new Map<number, { artifact: ArtifactSource; done: (ok: boolean) => void }>();
  private inFlightBytes = 0;
  private lastWarmId = 0;
  private unansweredPings = 0;
  private lastResultMs = performance.now();
  /** What the runs in flight are likely to take together. */
  private inFlightMs = 0;
  private readonly watch: NodeJS.Timeout;

  constructor(
    private readonly options: SandboxProcessOptions,
    private readonly hooks: SandboxProcessHooks,
  ) {
    this.link = new FrameLink(options.command, resultBytesMax, {
      onFrame: (frame) => this.receive(frame),
      onEnd: (end) => this.finish(end),
      onStderr: (text) => this.hooks.onStderr(this, text),
    });
    this.link.send(encodeJsonFrame(frameKinds.configure, 0, options.configuration));
    this.watch = setInterval(() => this.check(), options.pingEveryMs);
    this.watch.unref();
  }

  get pid(): number | undefined {
    return this.link.pid;
  }

  get inFlight(): number {
    return this.jobs.size;
  }

  /** False while the inputs in flight are as much as the process should hold, whatever their number. */
  get hasRoom(): boolean {
    return this.inFlightBytes < inFlightBytesMax;
  }

  /**
   * How long a run that is sent now is likely to wait for a thread, in milliseconds: what is in flight at the time that
   * such runs took lately, and never less than has passed since the last one was answered.
   */
  get expectedWaitMs(): number {
    const { threads } = this.options.configuration;
    if (this.jobs.size < threads) return 0;
    return Math.max(this.inFlightMs / threads, performance.now() - this.lastResultMs);
  }

  execute(job: Job): void {
    if (this.jobs.size === 0) this.lastResultMs = performance.now();
    const id = this.jobs.add(job);
    this.inFlightBytes += job.inputBytes;
    job.expectedMs = this.options.runTimes.expectedMs(job.artifact.id);
    this.inFlightMs += job.expectedMs;
    this.link.send(encodeExecuteFrame(id, job.artifact.id, job.tenantId, job.request));
  }

  /** Compiles an artifact ahead of its first run. @returns whether it is there now. */
  async warm(artifact: ArtifactSource): Promise<boolean> {
    this.lastWarmId = (this.lastWarmId % 0xffff_fffe) + 1;
    const id = this.lastWarmId;
    const done = new Promise<boolean>((resolve) => this.warming.set(id, { artifact, done: resolve }));
    await this.sendArtifact(artifact, id);
    return done;
  }

  /** Ends once everything in flight is answered; the caller sends no more. */
  closeWhenIdle(): void {
    if (this.jobs.size === 0) this.link.close();
  }

  kill(reason: string): void {
    this.link.kill(reason);
  }

  private receive(frame: Frame): void {
    this.unansweredPings = 0;
    switch (frame.kind) {
      case frameKinds.result:
        this.receiveResult(frame);
        break;
      case frameKinds.artifactWanted:
        this.receiveWanted(frame.body);
        break;
      case frameKinds.ready:
        this.vitals = parseVitals(frame.body);
        this.isReady = true;
        this.hooks.onReady(this);
        break;
      case frameKinds.pong:
        this.vitals = parseVitals(frame.body);
        break;
      case frameKinds.warmed:
        this.receiveWarmed(frame);
        break;
      default:
        throw new ProtocolError(`a sandbox may not send frames of kind ${frame.kind}`);
    }
  }

  private receiveResult(frame: Frame): void {
    const job = this.jobs.get(frame.id);
    if (job === undefined) throw new ProtocolError('a result that nobody asked for');
    const result = decodeRunResult(frame.body, job.request.limits);
    this.jobs.delete(frame.id);
    this.inFlightBytes -= job.inputBytes;
    this.executions += 1;
    this.lastResultMs = performance.now();
    this.inFlightMs = this.jobs.size === 0 ? 0 : this.inFlightMs - job.expectedMs;
    this.options.runTimes.note(job.artifact.id, result.wallUs / 1_000);
    job.settle(result);
    this.hooks.onResult(this);
  }

  private receiveWanted(body: Buffer): void {
    if (body.length !== artifactIdBytes) throw new ProtocolError('an artifact id of the wrong length');
    const id = body.toString('hex');
    for (const { artifact } of this.jobs.values()) {
      if (artifact.id === id) return void this.sendArtifact(artifact, 0);
    }
    throw new ProtocolError('an artifact that no execution in flight needs');
  }

  private receiveWarmed(frame: Frame): void {
    const warming = this.warming.get(frame.id);
    if (warming === undefined) throw new ProtocolError('an artifact that nobody warmed');
    this.warming.delete(frame.id);
    warming.done(parseWarmed(frame.body));
  }

  private async sendArtifact(artifact: ArtifactSource, frameId: number): Promise<void> {
    try {
      const bytes = await this.hooks.loadArtifact(artifact);
      const body = Buffer.concat([Buffer.from(artifact.id, 'hex'), bytes]);
      this.link.send(encodeFrame(frameKinds.loadArtifact, frameId, body));
    } catch (error) {
      // An empty artifact can't be opened, so the runs that wait for it are answered by the sandbox.
      this.link.send(encodeFrame(frameKinds.loadArtifact, frameId, Buffer.from(artifact.id, 'hex')));
      this.failJobsOf(artifact, error);
    }
  }

  private failJobsOf(artifact: ArtifactSource, error: unknown): void {
    const why = error instanceof Error ? error.message : 'unknown error';
    for (const job of this.jobs.values()) {
      if (job.artifact.id === artifact.id) job.settle(refusedResult('internal', `No artifact to run: ${why}`));
    }
  }

  /** Asks for a sign of life, and ends a process that gave none. */
  private check(): void {
    const stuck = this.stuckReason(performance.now());
    if (stuck !== undefined) {
      this.kill(stuck);
      return;
    }
    this.unansweredPings += 1;
    this.link.send(encodeFrame(frameKinds.ping, 0, Buffer.alloc(0)));
  }

  /** A process whose supervisor is silent, or that answers pings but no executions, is stuck. */
  private stuckReason(nowMs: number): string | undefined {
    const { answerMsMax, pingEveryMs, configuration } = this.options;
    // Pings are counted, not timed: an event loop of ours that stood still would find every process silent.
    if (this.unansweredPings * pingEveryMs > answerMsMax) return `no answer for ${answerMsMax} ms`;
    if (this.jobs.size === 0) return undefined;
    let deadlineMs = 0;
    for (const { request } of this.jobs.values()) deadlineMs = Math.max(deadlineMs, request.limits.deadlineMs);
    const silenceMsMax = deadlineMs + configuration.prepareMsMax + answerMsMax;
    return nowMs - this.lastResultMs > silenceMsMax ? 'kept an execution past its deadline' : undefined;
  }

  private finish(end: LinkEnd): void {
    clearInterval(this.watch);
    const lost = this.jobs.clear();
    this.endedAtWork = lost.length > 0 || this.warming.size > 0;
    for (const { done } of this.warming.values()) done(false);
    this.warming.clear();
    this.hooks.onEnd(this, end, lost);
  }
}
