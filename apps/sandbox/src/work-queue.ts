/**
 * Work shared between the supervisor and the guest threads that pull from it, in one SharedArrayBuffer: a table of slots
 * and an arena for their bytes. A thread claims one slot at a time by compare-and-swap, so work never waits behind a
 * guest that runs long, and a thread that dies holds exactly the slot it was running.
 */

import { elapsedMs, sharedNowMs, timeMask } from './shared-clock.js';

/** Slots of one queue; the host keeps fewer executions than this in flight. */
export const slotCount = 256;
/** Threads of one queue. */
export const seatCount = 64;
/** Room for requests and results; pages are only backed by memory once they are touched. */
export const arenaBytes = 64 * 1024 * 1024;

export const slotStates = {
  free: 0,
  ready: 1,
  /** The result lies in the slot's bytes. One too large for that comes as a message, and the slot stays claimed. */
  done: 2,
  /** Claimed by thread n is `claimed + n`. */
  claimed: 16,
} as const;

const word = 4;
const controlWords = 16;
const slotWords = 8;
const orderStart = controlWords + slotCount * slotWords;
const seatStart = orderStart + slotCount;
const headerWords = seatStart + seatCount;
const headerBytes = headerWords * word;

const control = { published: 0, claimedUpTo: 1, bell: 2, sleeps: 3, hearing: 4, progress: 5 } as const;
const field = { state: 0, offset: 1, capacity: 2, length: 3, artifact: 4, started: 5, tenant: 6 } as const;

/** Which rings wake the supervisor. */
const hearings = { none: 0, each: 1, last: 2 } as const;
export type Hearing = 'each' | 'last';

/** What a seat holds while its thread does not sleep; otherwise, a number that grows with each sleep of any thread. */
const awake = 0;
const notStarted = -1;
const preparingBit = timeMask + 1;

export interface SlotProgress {
  /** True while the thread fetches and prepares the artifact; the guest's own deadline starts afterwards. */
  readonly preparing: boolean;
  /** On the clock of `sharedNowMs`. */
  readonly sinceMs: number;
}

/** Where a slot's bytes lie in the arena. */
export interface Room {
  readonly offset: number;
  readonly capacity: number;
}

export interface PublishedRun {
  readonly request: Buffer;
  /** Numbers that stand for an artifact and a tenant between the threads of this process. */
  readonly artifact: number;
  readonly tenant: number;
}

export class WorkQueue {
  /** @param seats threads that will pull from it. */
  static create(seats = seatCount): WorkQueue {
    return new WorkQueue(new SharedArrayBuffer(headerBytes + arenaBytes), seats);
  }

  readonly arena: Buffer;
  private readonly words: Int32Array;

  constructor(
    readonly shared: SharedArrayBuffer,
    readonly seats = seatCount,
  ) {
    this.words = new Int32Array(shared, 0, headerWords);
    this.arena = Buffer.from(shared, headerBytes, arenaBytes);
  }

  state(slot: number): number {
    return Atomics.load(this.words, at(slot, field.state));
  }

  setState(slot: number, state: number): void {
    Atomics.store(this.words, at(slot, field.state), state);
  }

  artifact(slot: number): number {
    return this.read(slot, field.artifact);
  }

  tenant(slot: number): number {
    return this.read(slot, field.tenant);
  }

  /** What the owner of a claimed slot does since when; undefined in the moment before it has said so. */
  progress(slot: number): SlotProgress | undefined {
    const started = this.read(slot, field.started);
    if (started === notStarted) return undefined;
    return { preparing: (started & preparingBit) !== 0, sinceMs: started & timeMask };
  }

  /** The bytes that lie in the slot now: the request until it is done, the result afterwards. */
  bytes(slot: number): Buffer {
    const offset = this.read(slot, field.offset);
    return this.arena.subarray(offset, offset + this.read(slot, field.length));
  }

  /** Length of what lies in the slot; a thread that runs a tenant's JavaScript may write any number there. */
  length(slot: number): number {
    return this.read(slot, field.length);
  }

  // The supervisor's side.

  /** Takes back work that no thread has claimed yet. @returns false when one has. */
  withdraw(slot: number): boolean {
    const { ready, free } = slotStates;
    return Atomics.compareExchange(this.words, at(slot, field.state), ready, free) === ready;
  }

  /** Fills a free slot and lets the threads see it. */
  publish(slot: number, room: Room, { request, artifact, tenant }: PublishedRun): void {
    const { offset, capacity } = room;
    this.arena.set(request, offset);
    const words = this.words;
    words[at(slot, field.offset)] = offset;
    words[at(slot, field.capacity)] = capacity;
    words[at(slot, field.length)] = request.length;
    words[at(slot, field.artifact)] = artifact;
    words[at(slot, field.tenant)] = tenant;
    words[at(slot, field.started)] = notStarted;
    Atomics.store(words, at(slot, field.state), slotStates.ready);
    Atomics.store(words, orderStart + (Atomics.load(words, control.published) & (slotCount - 1)), slot);
    Atomics.add(words, control.published, 1);
  }

  /** Runs that no thread has claimed yet; one more or fewer while threads claim. */
  get waiting(): number {
    return (Atomics.load(this.words, control.published) - Atomics.load(this.words, control.claimedUpTo)) | 0;
  }

  /** Threads that don't sleep. */
  get awake(): number {
    let count = 0;
    for (let seat = 0; seat < this.seats; seat += 1) {
      if (Atomics.load(this.words, seatStart + seat) === awake) count += 1;
    }
    return count;
  }

  /** How long no thread has begun a run or been woken, in milliseconds. */
  sinceProgressMs(): number {
    return elapsedMs(Atomics.load(this.words, control.progress), sharedNowMs());
  }

  /**
   * Wakes the thread that fell asleep last, if one sleeps: its code and caches are the warmest.
   *
   * @returns false when none sleeps.
   */
  wakeLatest(): boolean {
    const { words } = this;
    const end = seatStart + this.seats;
    // A thread that wakes by itself meanwhile looks for work anyway; each round that fails finds one fewer asleep.
    for (let round = 0; round < this.seats; round += 1) {
      let latest = seatStart;
      let asleepSince = awake;
      for (let seat = seatStart; seat < end; seat += 1) {
        const since = Atomics.load(words, seat);
        if (since === awake || (asleepSince !== awake && ((since - asleepSince) | 0) < 0)) continue;
        latest = seat;
        asleepSince = since;
      }
      if (asleepSince === awake) return false;
      if (Atomics.compareExchange(words, latest, asleepSince, awake) === asleepSince) {
        Atomics.store(words, control.progress, sharedNowMs());
        Atomics.notify(words, latest);
        return true;
      }
    }
    return false;
  }

  /** Makes a seat free for another thread: the one that had it is gone. */
  leave(seat: number): void {
    Atomics.store(this.words, seatStart + seat, awake);
  }

  bell(): number {
    return Atomics.load(this.words, control.bell);
  }

  /** Says which rings are to wake the supervisor from now on: that of each result, or that of the last. */
  hear(hearing: Hearing): void {
    Atomics.store(this.words, control.hearing, hearings[hearing]);
  }

  /** Settles when a ring wakes the supervisor. @returns undefined when `each` is to be heard and was since `seen`. */
  whenRung(seen: number, hearing: Hearing = 'each'): Promise<unknown> | undefined {
    this.hear(hearing);
    const wait = Atomics.waitAsync(this.words, control.bell, hearing === 'each' ? seen : this.bell());
    return wait.async ? wait.value : undefined;
  }

  // The threads' side.

  /**
   * Takes the oldest slot that waits. Only the swap of a slot's state decides who owns it; a thread that reads a stale
   * entry of the order either wins a slot that truly waits or moves on.
   *
   * @returns undefined when there is none.
   */
  claim(thread: number): number | undefined {
    const words = this.words;
    for (;;) {
      const next = Atomics.load(words, control.claimedUpTo);
      if (next === Atomics.load(words, control.published)) return undefined;
      const slot = Atomics.load(words, orderStart + (next & (slotCount - 1)));
      const mine = slotStates.claimed + thread;
      const taken = Atomics.compareExchange(words, at(slot, field.state), slotStates.ready, mine) === slotStates.ready;
      Atomics.compareExchange(words, control.claimedUpTo, next, (next + 1) | 0);
      if (taken) return slot;
    }
  }

  /**
   * Sleeps until something is published, at most `timeoutMs`. It says that it sleeps before it looks for work one last
   * time, so that whoever publishes after that look knows whom to wake.
   */
  awaitWork(seat: number, timeoutMs: number): 'ok' | 'not-equal' | 'timed-out' {
    const { words } = this;
    const own = seatStart + seat;
    // Odd, so that no count of sleeps is ever `awake`.
    const since = (Atomics.add(words, control.sleeps, 2) + 1) | 0;
    Atomics.store(words, own, since);
    const hasWork = Atomics.load(words, control.published) !== Atomics.load(words, control.claimedUpTo);
    const woken = hasWork ? 'not-equal' : Atomics.wait(words, own, since, timeoutMs);
    Atomics.store(words, own, awake);
    return woken;
  }

  /** One word says both what and since when, so that the supervisor never reads half of a change. */
  start(slot: number, nowMs: number, preparing: boolean): void {
    Atomics.store(this.words, control.progress, nowMs);
    Atomics.store(this.words, at(slot, field.started), preparing ? nowMs | preparingBit : nowMs);
  }

  /** Leaves the result in the slot. @returns false when it does not fit: it must go by message. */
  finish(slot: number, result: Buffer): boolean {
    if (result.length > this.read(slot, field.capacity)) return false;
    const offset = this.read(slot, field.offset);
    this.arena.set(result, offset);
    this.words[at(slot, field.length)] = result.length;
    this.setState(slot, slotStates.done);
    return true;
  }

  /** Says that something is done. Of several rings before the supervisor has looked, only the first has to wake it. */
  ring(): void {
    Atomics.add(this.words, control.bell, 1);
    this.wakeWhoHears('each');
  }

  /** Says that no work is left, to a supervisor that lets results gather until then. */
  ringLast(): void {
    this.wakeWhoHears('last');
  }

  /** Wakes whoever waits for a ring, whatever a thread has written about which one is to be heard. */
  release(): void {
    Atomics.notify(this.words, control.bell);
  }

  private wakeWhoHears(hearing: Hearing): void {
    const heard = hearings[hearing];
    if (Atomics.compareExchange(this.words, control.hearing, heard, hearings.none) !== heard) return;
    Atomics.notify(this.words, control.bell);
  }

  private read(slot: number, name: number): number {
    return Atomics.load(this.words, at(slot, name));
  }
}

function at(slot: number, name: number): number {
  return controlWords + slot * slotWords + name;
}
