/**
 * Work shared between the supervisor and the guest threads that pull from it, in one SharedArrayBuffer: a table of slots
 * and an arena for their bytes. A thread claims one slot at a time by compare-and-swap, so work never waits behind a
 * guest that runs long, and a thread that dies holds exactly the slot it was running.
 */

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

// Taken at once: a guest thread gives up `process` before it runs anything.
const { hrtime } = process;

const word = 4;
const controlWords = 16;
const slotWords = 8;
const orderStart = controlWords + slotCount * slotWords;
const seatStart = orderStart + slotCount;
const headerWords = seatStart + seatCount;
const headerBytes = headerWords * word;

const control = { published: 0, claimedUpTo: 1, bell: 2, sleeps: 3, listening: 4 } as const;
const field = { state: 0, offset: 1, capacity: 2, length: 3, artifact: 4, started: 5, tenant: 6 } as const;

/** What a seat holds while its thread does not sleep; otherwise, a number that grows with each sleep of any thread. */
const awake = 0;
const notStarted = -1;
const preparingBit = 1 << 30;
const timeMask = preparingBit - 1;

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
    private readonly seats = seatCount,
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
    this.wakeLatest();
  }

  /**
   * Wakes the thread that fell asleep last, if one sleeps: its code and caches are the warmest, and under little load
   * the others sleep on.
   */
  private wakeLatest(): void {
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
      if (asleepSince === awake) return;
      if (Atomics.compareExchange(words, latest, asleepSince, awake) === asleepSince) {
        Atomics.notify(words, latest);
        return;
      }
    }
  }

  /** Makes a seat free for another thread: the one that had it is gone. */
  leave(seat: number): void {
    Atomics.store(this.words, seatStart + seat, awake);
  }

  bell(): number {
    return Atomics.load(this.words, control.bell);
  }

  /** Settles when a thread rings, at once when it has rung since `seen`. */
  whenRung(seen: number): Promise<unknown> | undefined {
    Atomics.store(this.words, control.listening, 1);
    const wait = Atomics.waitAsync(this.words, control.bell, seen);
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
    if (Atomics.exchange(this.words, control.listening, 0) === 1) Atomics.notify(this.words, control.bell);
  }

  private read(slot: number, name: number): number {
    return Atomics.load(this.words, at(slot, name));
  }
}

function at(slot: number, name: number): number {
  return controlWords + slot * slotWords + name;
}

/** Milliseconds on the machine's monotonic clock, which all threads share, as a 30-bit number that wraps. */
export function sharedNowMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return ((seconds % 1_000_000) * 1_000 + Math.floor(nanoseconds / 1_000_000)) & timeMask;
}

/**
 * Time between two readings of `sharedNowMs`, right across a wrap. Zero when `sinceMs` is later: another thread may have
 * read the clock after this one did.
 */
export function elapsedMs(sinceMs: number, nowMs: number): number {
  const difference = (nowMs - sinceMs) & timeMask;
  return difference > timeMask / 2 ? 0 : difference;
}
