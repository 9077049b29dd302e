import type { RequestCaller, RequestVerdict } from './quota.types.js';
import type { GroupVerdict, RequestGroup } from './quota-store.js';
import { RequestCredit } from './request-credit.js';

/** One call to Redis judges at most this many callers, and this many requests may wait for theirs. */
const groupsPerCallMax = 500;
const waitingMax = 20_000;
/** Callers that have credit; beyond that they wait for Redis. */
const creditsMax = 20_000;
/** Credit is reviewed this often: what was not used is given back. */
const reviewMs = 50;

interface Group {
  readonly name: string;
  readonly caller: RequestCaller;
  readonly waiting: Array<(verdict: RequestVerdict) => void>;
}

interface Judge {
  /** One verdict per group, or throws. */
  readonly ask: (groups: readonly RequestGroup[]) => Promise<ReadonlyArray<GroupVerdict | undefined>>;
  /** Judges where `ask` has no verdict. */
  readonly alone: (caller: RequestCaller) => RequestVerdict;
}

/**
 * Lets requests that come together share one round trip: while a call is under way the next ones gather, so a lone
 * request waits for nobody and a crowd costs little more. Whoever asks a lot and has a lot left waits for none.
 */
export class RequestGate {
  #gathering = new Map<string, Group>();
  #waiting = 0;
  #calling = false;
  #closed = false;
  readonly #credits = new Map<string, RequestCredit>();
  #reviewing: NodeJS.Timeout | undefined;

  constructor(private readonly judge: Judge) {}

  /** No promise for a request that was counted in advance. */
  admit(caller: RequestCaller): RequestVerdict | Promise<RequestVerdict> {
    const name = nameOf(caller);
    const credit = this.#creditOf(name, caller);
    const verdict = credit?.take();
    if (verdict !== undefined) {
      if (credit?.isLow === true) this.#ask(name, caller);
      return verdict;
    }
    if (this.#waiting >= waitingMax) return this.judge.alone(caller);
    this.#waiting += 1;
    const { promise, resolve } = Promise.withResolvers<RequestVerdict>();
    this.#ask(name, caller).waiting.push(resolve);
    return promise;
  }

  /** Limits have changed: nobody is let in by what was known of them. */
  forget(): void {
    this.#credits.clear();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#reviewing);
  }

  #creditOf(name: string, caller: RequestCaller): RequestCredit | undefined {
    const known = this.#credits.get(name);
    if (known !== undefined || this.#credits.size >= creditsMax || this.#closed) return known;
    const credit = new RequestCredit(caller);
    this.#credits.set(name, credit);
    this.#reviewing ??= setInterval(() => this.#review(), reviewMs).unref();
    return credit;
  }

  #review(): void {
    for (const [name, credit] of this.#credits) {
      if (!credit.review()) this.#credits.delete(name);
      else if (credit.isHigh) this.#ask(name, credit.caller);
    }
    if (this.#credits.size > 0) return;
    clearInterval(this.#reviewing);
    this.#reviewing = undefined;
  }

  #ask(name: string, caller: RequestCaller): Group {
    const group = this.#gathering.get(name) ?? { name, caller, waiting: [] };
    this.#gathering.set(name, group);
    if (!this.#calling) {
      this.#calling = true;
      setImmediate(() => void this.#drain());
    }
    return group;
  }

  async #drain(): Promise<void> {
    while (this.#gathering.size > 0) await this.#call(this.#take());
    this.#calling = false;
  }

  #take(): readonly Group[] {
    const groups = [...this.#gathering];
    this.#gathering = new Map(groups.slice(groupsPerCallMax));
    return groups.slice(0, groupsPerCallMax).map(([, group]) => group);
  }

  async #call(groups: readonly Group[]): Promise<void> {
    const parts = groups.map((group) => ({ group, more: this.#credits.get(group.name)?.adjust() ?? 0 }));
    const asked = parts.map(({ group: { caller, waiting }, more }) => ({
      tenantId: caller.tenantId ?? ('' as const),
      actor: caller.actor ?? '',
      count: waiting.length + more,
    }));
    const verdicts = await this.judge.ask(asked).catch(() => []);
    for (const [index, { group, more }] of parts.entries()) {
      this.#waiting -= group.waiting.length;
      const verdict = verdicts[index];
      // What was given back went to those who waited first.
      if (verdict !== undefined) this.#answer(group, verdict, verdict.admitted - Math.min(0, more));
      else for (const resolve of group.waiting) resolve(this.judge.alone(group.caller));
    }
  }

  /** Of requests that came together, the first ones are admitted; what is granted beyond them is credit. */
  #answer({ name, caller, waiting }: Group, verdict: GroupVerdict, granted: number): void {
    const { tenant, key, retryAfterMs } = verdict;
    const credit = this.#credits.get(name) ?? new RequestCredit(caller);
    credit.grant(granted, { tenant, key });
    const admitted = credit.admit(waiting.length);
    for (const [index, resolve] of waiting.entries()) {
      resolve(admitted[index] ?? { admitted: false, tenant, key, retryAfterMs });
    }
  }
}

function nameOf({ tenantId, actor }: RequestCaller): string {
  return `${tenantId ?? ''} ${actor ?? ''}`;
}
