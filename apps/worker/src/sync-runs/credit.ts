import type { EventsVerdict } from '@tenon/quota';

/** Where room for runs is taken from and given back to. Neither throws. */
export interface CreditSource {
  take(runs: number): Promise<EventsVerdict>;
  giveBack(runs: number): Promise<void>;
}

/** Room that is taken in advance at most. */
const portionMax = 256;
/** After a portion that was not granted whole, runs ask one by one for so many reviews: every one counts there. */
const tightReviews = 100;

/** The budget that has no room. */
export type Refusal = NonNullable<EventsVerdict['reason']> | 'unknown' | undefined;

/** Room for runs of one tenant. What was taken and not used goes back with the next review. */
export class Credit {
  private left = 0;
  private inHand = 0;
  private ended = 0;
  /** Runs that came since the last review, and between the two before. */
  private came = 0;
  private cameBefore = 0;
  private tight = 0;
  private inHandMax: number | undefined;
  private waiting: Array<(refusal: Refusal) => void> = [];
  private asking = false;

  constructor(private readonly source: CreditSource) {}

  /** Runs that the tenant may have under way, as was heard last; undefined where nobody said. */
  get runsMax(): number | undefined {
    return this.inHandMax;
  }

  /** Undefined where the run may begin; else the budget that has no room. */
  take(): Refusal | Promise<Refusal> {
    this.came += 1;
    if (this.left > 0 && this.waiting.length === 0) {
      this.left -= 1;
      this.inHand += 1;
      // Ahead of the last one, so that the next runs don't wait either.
      if (this.left * 4 < this.portion()) this.ask();
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<Refusal>();
    this.waiting.push(resolve);
    this.ask();
    return promise;
  }

  end(): void {
    this.inHand -= 1;
    this.ended += 1;
  }

  /** False where nothing is under way any more. */
  review(): boolean {
    this.tight = Math.max(0, this.tight - 1);
    this.cameBefore = this.came;
    this.came = 0;
    const surplus = Math.max(0, this.left - this.portion());
    this.left -= surplus;
    void this.back(surplus);
    return this.cameBefore > 0 || this.inHand > 0 || this.asking || this.waiting.length > 0;
  }

  async giveBack(): Promise<void> {
    const { left } = this;
    this.left = 0;
    await this.back(left);
  }

  private portion(): number {
    return this.tight > 0 ? 0 : Math.min(portionMax, Math.max(this.came, this.cameBefore));
  }

  private ask(): void {
    if (this.asking) return;
    this.asking = true;
    // Behind all that has arrived by now, so that it goes together.
    setImmediate(() => void this.askNow());
  }

  private async askNow(): Promise<void> {
    do {
      const waiting = this.waiting.length;
      const wanted = waiting + this.portion();
      const first = await this.source.take(wanted);
      this.inHandMax = first.inHandMax;
      this.left += first.admitted;
      if (first.admitted < wanted) await this.shorten();
      const missing = waiting - this.left;
      const second = missing > 0 && first.admitted < wanted ? await this.source.take(missing) : undefined;
      this.left += second?.admitted ?? 0;
      this.answer(waiting, second?.reason ?? first.reason);
    } while (this.waiting.length > 0);
    this.asking = false;
  }

  /** Where room is short, nothing is kept ahead, and nothing that ended counts as pending. */
  private async shorten(): Promise<void> {
    this.tight = tightReviews;
    const surplus = Math.max(0, this.left - this.waiting.length);
    this.left -= surplus;
    await this.back(surplus);
  }

  /** The first of those who asked get what there is. */
  private answer(asked: number, reason: Refusal): void {
    for (const resolve of this.waiting.splice(0, asked)) {
      const isAdmitted = this.left > 0;
      if (isAdmitted) {
        this.left -= 1;
        this.inHand += 1;
      }
      resolve(isAdmitted ? undefined : (reason ?? 'unknown'));
    }
  }

  private async back(surplus: number): Promise<void> {
    const runs = surplus + this.ended;
    this.ended = 0;
    if (runs > 0) await this.source.giveBack(runs);
  }
}
