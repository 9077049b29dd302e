import { type Placed, Placements } from './placements.js';
import { ResultWatch } from './result-watch.js';
import { elapsedMs, sharedNowMs } from './shared-clock.js';
import type { Task } from './task.js';
import { isFromThread, isResultOf } from './thread-claims.js';
import { type ThreadEnd, ThreadHandle, type ThreadHooks } from './thread-handle.js';
import { seatCount, slotStates } from './work-queue.js';

/** How a task ended when its thread did not live to say so. */
export type TaskFailure =
  | { readonly kind: 'deadline'; readonly elapsedMs: number }
  | { readonly kind: 'prepare_timeout' }
  /** The thread said or wrote what can't be true. */
  | { readonly kind: 'untrue' }
  | { readonly kind: ThreadEnd };

export interface CrewOptions {
  readonly threads: number;
  /**
   * The one thread of the crew evaluates JavaScript made from names that a tenant chose, so nothing that it says or
   * writes into shared memory is believed.
   */
  readonly isTenantCode: boolean;
  readonly prepareMsMax: number;
  takeThread(): ThreadHandle;
  /** The result's bytes are valid until the call returns. */
  onResult(task: Task, result: Buffer): void;
  onFailure(task: Task, failure: TaskFailure): void;
}

/** A run that outlived so many threads without being to blame is answered instead of tried again. */
const restartsMax = 3;
/** How often a thread that prepares an artifact is asked whether it has come to the run. */
const preparingCheckMs = 5;
/** The host takes no larger result. */
const resultBytesMax = 24_000_000;
/** What starting a thread may add to the time that a run may take before its thread is taken for stuck. */
const startMsMax = 2_000;

/** Threads that pull from one queue, and the clock that keeps their deadlines. */
export class Crew implements ThreadHooks {
  private work: Placements;
  private watch: ResultWatch;
  private readonly threads = new Map<number, ThreadHandle>();
  /** Threads that were told to end, and the run that each was ended for. */
  private readonly doomed = new Map<number, { readonly task: Task | undefined; readonly failure: TaskFailure }>();
  private backlog: Task[] = [];
  private lastNumber = 0;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private nextCheckMs = Number.POSITIVE_INFINITY;
  /** When a run last ended, a thread last began, or work came to a crew that had none. */
  private progressMs = performance.now();

  constructor(private readonly options: CrewOptions) {
    const seats = Math.min(options.threads, seatCount);
    this.work = new Placements(seats);
    for (let seat = 0; seat < seats; seat += 1) this.addThread(seat);
    this.watch = new ResultWatch(this.work.queue, () => this.collect());
  }

  get outstanding(): number {
    return this.work.count + this.backlog.length;
  }

  submit(task: Task): void {
    task.artifact.uses += 1;
    if (this.outstanding === 0) this.progressMs = performance.now();
    if (this.backlog.length > 0 || !this.place(task)) this.backlog.push(task);
  }

  /** Takes back every run that no thread has begun, oldest first. */
  withdraw(): Task[] {
    const tasks: Task[] = [];
    for (const placed of this.work.oldestFirst()) {
      if (!this.work.queue.withdraw(placed.slot)) continue;
      this.work.release(placed);
      tasks.push(placed.task);
    }
    tasks.push(...this.backlog);
    this.backlog = [];
    for (const task of tasks) task.artifact.uses -= 1;
    return tasks;
  }

  /** Tells every thread to let go of what it prepared from an artifact. */
  drop(handle: number): void {
    for (const thread of this.threads.values()) thread.drop(handle);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    for (const thread of this.threads.values()) thread.terminate();
    this.watch.close();
    this.work.close();
  }

  /** A thread may ask for what a run that it has claimed needs, once, and answer a run that it has claimed. */
  onMessage(thread: ThreadHandle, message: unknown): void {
    if (this.closed || this.doomed.get(thread.number)?.failure.kind === 'untrue') return;
    if (!isFromThread(message)) this.endLiar(thread, this.work.claimedBy(thread.number));
    else if (message.kind === 'want') this.giveWanted(thread, message.artifact);
    else this.takeResult(thread, message.slot, message.bytes);
  }

  private giveWanted(thread: ThreadHandle, handle: number): void {
    const wanting = this.work.claimedBy(
      thread.number,
      ({ task, wanted }) => !wanted && task.artifact.handle === handle,
    );
    if (wanting === undefined) {
      this.endLiar(thread, this.work.claimedBy(thread.number));
      return;
    }
    wanting.wanted = true;
    thread.give(handle, wanting.task.artifact.compiled);
  }

  private takeResult(thread: ThreadHandle, slot: number, bytes: Uint8Array): void {
    const placed = this.work.claimedBy(thread.number, (one) => one.slot === slot);
    // Copied, because bytes that came by message may still be shared with who sent them.
    const result = bytes.length > resultBytesMax ? undefined : Buffer.from(bytes);
    if (placed === undefined || result === undefined || !this.isBelieved(placed, result)) {
      this.endLiar(thread, placed ?? this.work.claimedBy(thread.number));
      return;
    }
    this.settle(placed, result);
  }

  /** A thread that ends holds at most one slot: the run that ended it. */
  onEnd(thread: ThreadHandle, end: ThreadEnd): void {
    this.threads.delete(thread.number);
    if (this.closed) return;
    const doom = this.doomed.get(thread.number);
    if (doom?.failure.kind !== 'untrue') this.collect();
    this.doomed.delete(thread.number);
    const claimed = this.work.claimedBy(thread.number);
    const culprit = doom?.failure.kind === 'untrue' ? this.work.placedOf(doom.task) : claimed;
    if (culprit !== undefined) this.finish(culprit);
    const again = this.options.isTenantCode ? this.renew() : [];
    this.work.queue.leave(thread.seat);
    this.addThread(thread.seat);
    if (culprit !== undefined) {
      // The thread may have finished the late run and begun another before it ended; that one is not to blame.
      if (doom !== undefined && doom.task !== culprit.task) this.restart(culprit.task);
      else this.options.onFailure(culprit.task, doom?.failure ?? { kind: end });
    }
    for (const task of again) this.restart(task);
    this.refill();
  }

  private restart(task: Task): void {
    task.restarts += 1;
    if (task.restarts > restartsMax) this.options.onFailure(task, { kind: 'crashed' });
    else this.submit(task);
  }

  private addThread(seat: number): void {
    this.lastNumber += 1;
    this.progressMs = performance.now();
    const thread = this.options.takeThread();
    this.threads.set(this.lastNumber, thread);
    thread.bind(this.work.queue, this.lastNumber, seat, this);
  }

  /** Whatever a tenant's thread left in its queue must not reach the next one. @returns what lay there, oldest first. */
  private renew(): Task[] {
    const left = this.work.oldestFirst();
    for (const placed of left) this.finish(placed);
    const past = this.work;
    this.work = new Placements(Math.min(this.options.threads, seatCount));
    this.watch.close();
    past.close();
    this.watch = new ResultWatch(this.work.queue, () => this.collect());
    return left.map(({ task }) => task);
  }

  private place(task: Task): boolean {
    if (!this.work.place(task)) return false;
    this.checkWithin(task.deadlineMs);
    return true;
  }

  /** @returns true when there were results and more are on their way. */
  private collect(): boolean {
    const done = this.work.done();
    for (const placed of done) {
      const result = this.work.resultOf(placed, this.options.isTenantCode);
      if (result !== undefined && this.isBelieved(placed, result)) {
        this.settle(placed, result);
        continue;
      }
      const [thread] = this.threads.values();
      if (this.options.isTenantCode && thread !== undefined) {
        this.endLiar(thread, placed);
        break;
      }
      this.finish(placed);
      this.options.onFailure(placed.task, { kind: 'untrue' });
    }
    return done.length > 0 && this.work.count > 0;
  }

  private isBelieved(placed: Placed, result: Buffer): boolean {
    return !this.options.isTenantCode || isResultOf(placed.task.run, result);
  }

  /** Without a better one, the oldest run is the one that the thread was at. */
  private endLiar(thread: ThreadHandle, placed: Placed | undefined): void {
    if (this.doomed.has(thread.number)) return;
    const task = (placed ?? this.work.oldestFirst()[0])?.task;
    this.doomed.set(thread.number, { task, failure: { kind: 'untrue' } });
    thread.terminate();
  }

  private settle(placed: Placed, result: Buffer): void {
    this.options.onResult(placed.task, result);
    this.finish(placed);
    this.refill();
  }

  private finish(placed: Placed): void {
    placed.task.artifact.uses -= 1;
    this.progressMs = performance.now();
    this.work.release(placed);
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
    for (const placed of this.work.all()) {
      const state = this.work.queue.state(placed.slot);
      if (state < slotStates.claimed) this.checkWithin(placed.task.deadlineMs);
      else this.checkClaimed(placed, state - slotStates.claimed, nowMs);
    }
    if (this.options.isTenantCode) this.checkProgress();
  }

  private checkClaimed(placed: Placed, number: number, nowMs: number): void {
    if (this.doomed.has(number)) return;
    const progress = this.work.queue.progress(placed.slot);
    if (progress === undefined) {
      this.checkWithin(1);
      return;
    }
    const limitMs = progress.preparing ? this.options.prepareMsMax : placed.task.deadlineMs;
    const elapsed = elapsedMs(progress.sinceMs, nowMs);
    const thread = this.threads.get(number);
    if (elapsed < limitMs || thread === undefined) {
      const leftMs = Math.max(1, limitMs - elapsed);
      // The guest's own deadline starts when preparing ends, and nothing tells this thread about that.
      this.checkWithin(progress.preparing ? Math.min(leftMs, preparingCheckMs) : leftMs);
      return;
    }
    const failure: TaskFailure = progress.preparing
      ? { kind: 'prepare_timeout' }
      : { kind: 'deadline', elapsedMs: elapsed };
    this.doomed.set(number, { task: placed.task, failure });
    thread.terminate();
  }

  /** Times in shared memory are a thread's own word; this one is kept by the supervisor and holds whatever it says. */
  private checkProgress(): void {
    const [oldest] = this.work.oldestFirst();
    const [thread] = this.threads.values();
    if (oldest === undefined || thread === undefined) return;
    const limitMs = this.options.prepareMsMax + oldest.task.deadlineMs + startMsMax;
    const leftMs = this.progressMs + limitMs - performance.now();
    if (leftMs > 0) this.checkWithin(leftMs);
    else this.endLiar(thread, oldest);
  }
}
