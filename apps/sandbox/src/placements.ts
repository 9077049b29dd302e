import { Arena } from './arena.js';
import type { Task } from './task.js';
import { Waker } from './waker.js';
import { arenaBytes, slotCount, slotStates, WorkQueue } from './work-queue.js';

/** A task in a slot of the queue. The supervisor's own record: what threads may write is only in the queue. */
export interface Placed {
  readonly task: Task;
  readonly slot: number;
  readonly offset: number;
  readonly capacity: number;
  /** Tasks are claimed in the order in which they were placed. */
  readonly order: number;
  /** True once its thread has asked for the artifact. */
  wanted: boolean;
}

/** What lies in one queue, and where. */
export class Placements {
  readonly queue: WorkQueue;
  private readonly waker: Waker;
  private readonly arena = new Arena(arenaBytes);
  private readonly placed: (Placed | undefined)[] = new Array(slotCount);
  private readonly freeSlots = Array.from({ length: slotCount }, (_, index) => slotCount - 1 - index);
  private lastOrder = 0;

  /** @param threads how many will pull from the queue. */
  constructor(threads: number) {
    this.queue = WorkQueue.create(threads);
    this.waker = new Waker(this.queue);
  }

  get count(): number {
    return slotCount - this.freeSlots.length;
  }

  /** @returns false when there is no room. */
  place(task: Task): boolean {
    const room = this.freeSlots.length === 0 ? undefined : this.arena.take(task.run.length);
    const slot = room === undefined ? undefined : this.freeSlots.pop();
    if (room === undefined || slot === undefined) return false;
    this.lastOrder += 1;
    this.placed[slot] = { task, slot, ...room, order: this.lastOrder, wanted: false };
    this.queue.publish(slot, room, { request: task.run, artifact: task.artifact.handle, tenant: task.tenant });
    this.waker.published();
    return true;
  }

  close(): void {
    this.waker.close();
  }

  release(placed: Placed): void {
    this.placed[placed.slot] = undefined;
    this.queue.setState(placed.slot, slotStates.free);
    this.arena.give(placed.offset, placed.capacity);
    this.freeSlots.push(placed.slot);
  }

  *all(): Iterable<Placed> {
    for (const placed of this.placed) if (placed !== undefined) yield placed;
  }

  /** Those whose result lies in their slot, or so their thread says. */
  done(): Placed[] {
    const done: Placed[] = [];
    for (const placed of this.placed) {
      if (placed !== undefined && this.queue.state(placed.slot) === slotStates.done) done.push(placed);
    }
    return done;
  }

  oldestFirst(): Placed[] {
    return [...this.all()].sort((a, b) => a.order - b.order);
  }

  /** A thread that sent a result by message may have claimed its next run before that message was read. */
  claimedBy(thread: number, accept: (placed: Placed) => boolean = () => true): Placed | undefined {
    const claimed = slotStates.claimed + thread;
    return this.placed.find(
      (placed) => placed !== undefined && this.queue.state(placed.slot) === claimed && accept(placed),
    );
  }

  placedOf(task: Task | undefined): Placed | undefined {
    return this.placed.find((placed) => placed !== undefined && placed.task === task);
  }

  /**
   * The result in a slot, by the supervisor's own record of where it lies.
   *
   * @param copied true when the thread might still change it.
   * @returns undefined when its length can't be true.
   */
  resultOf({ slot, offset, capacity }: Placed, copied: boolean): Buffer | undefined {
    const length = this.queue.length(slot);
    if (length < 0 || length > capacity) return undefined;
    const bytes = this.queue.arena.subarray(offset, offset + length);
    return copied ? Buffer.from(bytes) : bytes;
  }
}
