import {
  artifactIdBytes,
  boundsOfRun,
  decodeExecuteBody,
  type ExecuteBody,
  encodeFrame,
  encodeJsonFrame,
  encodeRunResult,
  type Frame,
  frameKinds,
  type SandboxConfiguration,
  type SandboxVitals,
} from '@tenon/sandbox';
import { ArtifactCache, type CachedArtifact } from './artifact-cache.js';
import { Compiler } from './compiler.js';
import { Crew, type TaskFailure } from './crew.js';
import { failureResult } from './failure-result.js';
import { MemoryWatch } from './memory-watch.js';
import { SpareThreads } from './spare-threads.js';
import type { Task } from './task.js';
import { TenantCrews } from './tenant-crews.js';
import { TenantNumbers } from './tenant-numbers.js';

interface Waiting {
  readonly id: number;
  readonly body: ExecuteBody;
}

/** Schedules runs on threads, keeps compiled artifacts and answers the host. Runs no code of a tenant itself. */
export class Supervisor {
  private readonly cache: ArtifactCache;
  private readonly compiler: Compiler;
  private readonly spares: SpareThreads;
  private readonly shared: Crew;
  private readonly tenants: TenantCrews;
  /** Runs whose artifact the host was asked for, by artifact. */
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly memory: MemoryWatch;
  private readonly tenantNumbers = new TenantNumbers();
  private threadsEnded = 0;

  constructor(
    private readonly configuration: SandboxConfiguration,
    private readonly send: (frame: Buffer) => void,
  ) {
    this.cache = new ArtifactCache(configuration.cacheBytesMax, (artifact) => this.dropEverywhere(artifact));
    this.compiler = new Compiler(configuration.prepareMsMax);
    this.spares = new SpareThreads(configuration.threadHeapMbMax);
    this.shared = this.createCrew(configuration.threads, false);
    this.tenants = new TenantCrews(configuration.tenantThreads, () => this.createCrew(1, true));
    this.spares.refill();
    this.memory = new MemoryWatch(configuration.rssBytesMax);
    this.sendVitals(frameKinds.ready, 0);
  }

  receive(frame: Frame): void {
    switch (frame.kind) {
      case frameKinds.execute:
        this.execute(frame.id, frame.body);
        break;
      case frameKinds.loadArtifact:
        this.load(frame.id, frame.body);
        break;
      case frameKinds.ping:
        this.sendVitals(frameKinds.pong, frame.id);
        break;
      default:
        throw new Error(`a frame of kind ${frame.kind} is not for a sandbox that runs guests`);
    }
  }

  private execute(id: number, frameBody: Buffer): void {
    const body = decodeExecuteBody(frameBody);
    const artifact = this.cache.get(body.artifactId);
    if (artifact !== undefined) {
      this.schedule(id, body, artifact);
      return;
    }
    // The frame's memory is the pipe's chunk; what waits must not keep all of that alive.
    const kept = { id, body: { ...body, run: Buffer.from(body.run) } };
    const queue = this.waiting.get(body.artifactId);
    if (queue !== undefined) queue.push(kept);
    else {
      this.waiting.set(body.artifactId, [kept]);
      this.send(encodeFrame(frameKinds.artifactWanted, 0, Buffer.from(body.artifactId, 'hex')));
    }
  }

  /** The body is the artifact's id and its bytes; without bytes, the host could not get it. */
  private load(frameId: number, body: Buffer): void {
    const id = body.toString('hex', 0, artifactIdBytes);
    const bytes = Uint8Array.from(body.subarray(artifactIdBytes));
    const size = bytes.length;
    try {
      const compiled = this.compiler.compile(bytes, this.waiting.get(id)?.[0]?.body.tenantId ?? '');
      if (!(compiled instanceof Promise)) {
        this.loaded(frameId, this.cache.add(id, size, compiled));
        return;
      }
      compiled.then(
        (late) => this.loaded(frameId, this.cache.add(id, size, late)),
        (error: unknown) => this.notLoaded(frameId, id, error),
      );
    } catch (error) {
      this.notLoaded(frameId, id, error);
    }
  }

  private loaded(frameId: number, artifact: CachedArtifact): void {
    const queue = this.waiting.get(artifact.id) ?? [];
    this.waiting.delete(artifact.id);
    for (const { id, body } of queue) this.schedule(id, body, artifact);
    if (frameId !== 0) this.send(encodeJsonFrame(frameKinds.warmed, frameId, { ok: true }));
  }

  private notLoaded(frameId: number, artifactId: string, error: unknown): void {
    const queue = this.waiting.get(artifactId) ?? [];
    this.waiting.delete(artifactId);
    const message = `The artifact can't be loaded: ${error instanceof Error ? error.message : 'unknown error'}`;
    for (const { id, body } of queue) this.fail(id, message, body.deadlineMs);
    if (frameId !== 0) this.send(encodeJsonFrame(frameKinds.warmed, frameId, { ok: false, message }));
  }

  private schedule(id: number, body: ExecuteBody, artifact: CachedArtifact): void {
    const { deadlineMs, run, tenantId } = body;
    const task: Task = { id, artifact, tenant: this.tenantNumbers.of(tenantId), deadlineMs, run, restarts: 0 };
    this.memory.begin(boundsOfRun(task.run).memoryBytesMax);
    if (artifact.compiled.abi === 'component') this.tenants.submit(tenantId, task);
    else this.shared.submit(task);
  }

  private createCrew(threads: number, isTenantCode: boolean): Crew {
    return new Crew({
      threads,
      isTenantCode,
      prepareMsMax: this.configuration.prepareMsMax,
      takeThread: () => this.takeThread(),
      onResult: (task, result) => this.answer(task, result),
      onFailure: (task, failure) => this.onFailure(task, failure),
    });
  }

  private takeThread() {
    const thread = this.spares.take();
    this.spares.refill();
    return thread;
  }

  private answer(task: Task, result: Buffer): void {
    this.send(encodeFrame(frameKinds.result, task.id, result));
    this.memory.end(boundsOfRun(task.run).memoryBytesMax);
    // The slot is released after this returns; only then has the tenant's crew fallen idle.
    queueMicrotask(() => this.tenants.rotate());
  }

  private onFailure(task: Task, failure: TaskFailure): void {
    this.threadsEnded += 1;
    this.answer(task, encodeRunResult(failureResult(failure, task.deadlineMs)));
  }

  private fail(id: number, message: string, deadlineMs: number): void {
    const result = { ...failureResult({ kind: 'crashed' }, deadlineMs), message };
    this.send(encodeFrame(frameKinds.result, id, encodeRunResult(result)));
  }

  private dropEverywhere(artifact: CachedArtifact): void {
    this.shared.drop(artifact.handle);
    this.tenants.drop(artifact.handle);
  }

  private sendVitals(kind: typeof frameKinds.ready | typeof frameKinds.pong, id: number): void {
    const vitals: SandboxVitals = {
      rssBytes: process.memoryUsage.rss(),
      cachedArtifacts: this.cache.count,
      cachedBytes: this.cache.bytes,
      threadsEnded: this.threadsEnded,
    };
    this.send(encodeJsonFrame(kind, id, vitals));
  }
}
