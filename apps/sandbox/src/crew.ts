import { Arena } from './arena.js';
import type { CachedArtifact } from './artifact-cache.js';
import { type ThreadEnd, ThreadHandle, type ThreadHooks } from './thread-handle.js';
import type { FromThread } from './thread-messages.js';
import { arenaBytes, elapsedMs, sharedNowMs, slotCount, slotStates, WorkQueue } from './work-queue.js';

/** One run as the supervisor sees it: encoded, with the deadline that it keeps. */
export interface Task {
  readonly id: number;
  readonly artifact: CachedArtifact;
  readonly deadlineMs: number;
  readonly run: Buffer;
}

/** How a task ended when its thread did not live to say so. */
export type TaskFailure =
  | { readonly kind: 'deadline'; readonly elapsedMs: number }
  | { readonly kind: 'prepare_timeout' }
  | { readonly kind: ThreadEnd };

export interface CrewOptions {
  readonly threads: number;
  readonly prepareMsMax: number;
  takeThread(): ThreadHandle;
  artifactByHandle(handle: number): CachedArtifact | undefined;
  /** The result's bytes are valid until the call returns. */
  onResult(task: Task, result: Buffer): void;
  onFailure(task: Task, failure: TaskFailure): void;
}

interface Placed {
  readonly task: Task;
  readonly slot: number;
  readonly offset: number;
  readonly capacity: number;
}

/** Threads that pull from one queue, and the clock that keeps their deadlines. */
export class Crew implements ThreadHooks {
  private readonly queue = WorkQueue.create();
  private readonly arena = new Arena(arenaBytes);
  private readonly placed: (Placed | undefined)[] = new Array(slotCount);
  private readonly freeSlots = Array.from({ length: slotCount }, (_, index) => slotCount - 1 - index);
  private readonly threads = new Map<number, ThreadHandle>();
  /** Threads that were told to end, and the run that each was ended for. */
  private readonly doomed = new Map<number, { readonly task: Task; readonly failure: TaskFailure }>();
  private backlog: Task[] = [];
  private lastNumber = 0;
  private listening = false;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private nextCheckMs = Number.POSITIVE_INFINITY;

  constructor(private readonly options: CrewOptions) {
    for (let index = 0; index < options.threads; index += 1) this.addThread();
    this.listen();
  }

  get outstanding(): number {
    return slotCount - this.freeSlots.length + this.backlog.length;
  }

  submit(task: Task): void {
    task.artifact.uses += 1;
    if (this.backlog.length > 0 || !this.place(task)) this.backlog.push(task);
  }

  /** Tells every thread to let go of what it prepared from an artifact. */
  drop(handle: number): void {
    for (const thread of this.threads.values()) thread.drop(handle);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    for (const thread of this.threads.values()) thread.terminate();
    // Lets the wait for the bell settle, which would hold the queue's memory for ever.
    this.queue.ring();
  }

  onMessage(thread: ThreadHandle, message: FromThread): void {
    if (message.kind === 'want') {
      const artifact = this.options.artifactByHandle(message.artifact);
      if (artifact !== undefined) thread.give(artifact.handle, artifact.compiled);
      return;
    }
    const placed = this.placed[message.slot];
    if (placed !== undefined)
      this.settle(placed, Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength));
  }

  /** A thread that ends holds at most one slot: the run that ended it. */
  onEnd(thread: ThreadHandle, end: ThreadEnd): void {
    this.threads.delete(thread.number);
    if (this.closed) return;
    this.addThread();
    this.collect();
    const culprit = this.placed.find(
      (placed) => placed !== undefined && this.queue.state(placed.slot) === slotStates.claimed + thread.number,
    );
    const doom = this.doomed.get(thread.number);
    this.doomed.delete(thread.number);
    if (culprit === undefined) return;
    this.release(culprit);
    // The thread may have finished the late run and begun another before it ended; that one is not to blame.
    if (doom !== undefined && doom.task !== culprit.task) this.submit(culprit.task);
    else this.options.onFailure(culprit.task, doom?.failure ?? { kind: end });
    this.refill();
  }

  private addThread(): void {
    this.lastNumber += 1;
    const thread = this.options.takeThread();
    this.threads.set(this.lastNumber, thread);
    thread.bind(this.queue, this.lastNumber, this);
  }

  private place(task: Task): boolean {
    const room = this.freeSlots.length === 0 ? undefined : this.arena.take(task.run.length);
    const slot = room === undefined ? undefined : this.freeSlots.pop();
    if (room === undefined || slot === undefined) return false;
    this.placed[slot] = { task, slot, ...room };
    this.queue.publish(slot, room.offset, room.capacity, task.run, task.artifact.handle);
    this.checkWithin(task.deadlineMs);
    return true;
  }

  /** Waits for the bell without a thread of its own: the promise settles on this thread's event loop. */
  private listen(): void {
    if (this.listening || this.closed) return;
    for (;;) {
      const seen = this.queue.bell();
      this.collect();
      const rung = this.queue.whenRung(seen);
      if (rung === undefined) continue;
      this.listening = true;
      void rung.then(() => {
        this.listening = false;
        this.listen();
      });
      return;
    }
  }

  private collect(): void {
    for (const placed of this.placed) {
      if (placed !== undefined && this.queue.state(placed.slot) === slotStates.done) {
        this.settle(placed, this.queue.bytes(placed.slot));
      }
    }
  }

  private settle(placed: Placed, result: Buffer): void {
    this.options.onResult(placed.task, result);
    this.release(placed);
    this.refill();
  }

  private release(placed: Placed): void {
    placed.task.artifact.uses -= 1;
    this.placed[placed.slot] = undefined;
    this.queue.setState(placed.slot, slotStates.free);
    this.arena.give(placed.offset, placed.capacity);
    this.freeSlots.push(placed.slot);
  }

  private refill(): void {
    let placed = 0;
    for (const task of this.backlog) {
      if (!this.place(task)) break;
      placed += 1;
    }
    if (placed > 0) this.backlog = this.backlog.slice(placed);
  }

  private checkWithin(delayMs: number): void {
    const atMs = performance.now() + delayMs;
    if (atMs >= this.nextCheckMs) return;
    this.nextCheckMs = atMs;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.checkDeadlines(), delayMs);
  }

  private checkDeadlines(): void {
    this.nextCheckMs = Number.POSITIVE_INFINITY;
    const nowMs = sharedNowMs();
    for (const placed of this.placed) {
      if (placed === undefined) continue;
      const state = this.queue.state(placed.slot);
      if (state < slotStates.claimed) this.checkWithin(placed.task.deadlineMs);
      else this.checkClaimed(placed, state - slotStates.claimed, nowMs);
    }
  }

  private checkClaimed(placed: Placed, number: number, nowMs: number): void {
    if (this.doomed.has(number)) return;
    const progress = this.queue.progress(placed.slot);
    if (progress === undefined) {
      this.checkWithin(1);
      return;
    }
    const limitMs = progress.preparing ? this.options.prepareMsMax : placed.task.deadlineMs;
    const elapsed = elapsedMs(progress.sinceMs, nowMs);
    if (elapsed < limitMs) {
      this.checkWithin(limitMs - elapsed);
      return;
    }
    const failure: TaskFailure = progress.preparing
      ? { kind: 'prepare_timeout' }
      : { kind: 'deadline', elapsedMs: elapsed };
    this.doomed.set(number, { task: placed.task, failure });
    this.threads.get(number)?.terminate();
  }
}
