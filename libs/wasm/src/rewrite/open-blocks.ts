/** What is noted of every block that is open, by the number of blocks around it. */
export class OpenBlocks {
  kinds = new Uint8Array(64);
  targeted = new Uint8Array(64);
  /** By open block: the most that is unchecked on a branch to its end, and where it starts. */
  atEnd = new Uint32Array(64);
  atStart = new Uint32Array(64);
  /** By open block: 1 when, at its end or its start, a function has not asked yet that asks before its first call. */
  lateAtEnd = new Uint8Array(64);
  lateAtStart = new Uint8Array(64);
  /** By open block: where the segment is charged that was running when the block started. */
  segments = new Int32Array(64);
  /** By open block: the outermost block that a branch in it goes to, or -1 when the function or the run may end in it. */
  reach = new Int32Array(64);
  /** By open block: 0, or of a loop that asks on its way back, 1, or 2 when it does so without a call. */
  waysBack = new Uint8Array(64);
  /** By open block: 1 for a loop whose first block is the `if` that it goes round in. */
  turns = new Uint8Array(64);
  /** By open block: of such an `if`, the segment that goes on in it, or -1; and what the segment cost before. */
  through = new Int32Array(64);
  costBefore = new Int32Array(64);

  /** How many blocks there is room for. */
  get size(): number {
    return this.kinds.length;
  }

  /** Makes room for twice as many. */
  grow(): void {
    this.kinds = doubled(this.kinds, new Uint8Array(this.kinds.length * 2));
    this.targeted = doubled(this.targeted, new Uint8Array(this.targeted.length * 2));
    this.reach = doubled(this.reach, new Int32Array(this.reach.length * 2));
    this.segments = doubled(this.segments, new Int32Array(this.segments.length * 2));
    this.waysBack = doubled(this.waysBack, new Uint8Array(this.waysBack.length * 2));
    this.turns = doubled(this.turns, new Uint8Array(this.turns.length * 2));
    this.through = doubled(this.through, new Int32Array(this.through.length * 2));
    this.costBefore = doubled(this.costBefore, new Int32Array(this.costBefore.length * 2));
    this.lateAtEnd = doubled(this.lateAtEnd, new Uint8Array(this.lateAtEnd.length * 2));
    this.lateAtStart = doubled(this.lateAtStart, new Uint8Array(this.lateAtStart.length * 2));
    this.atEnd = doubled(this.atEnd, new Uint32Array(this.atEnd.length * 2));
    this.atStart = doubled(this.atStart, new Uint32Array(this.atStart.length * 2));
  }
}

function doubled<T extends Uint8Array | Uint32Array | Int32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
