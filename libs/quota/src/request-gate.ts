import type { RequestCaller, RequestVerdict } from './quota.types.js';
import type { GroupVerdict, RequestGroup } from './quota-store.js';

/** One call to Redis judges at most this many callers, and this many requests may wait for theirs. */
const groupsPerCallMax = 500;
const waitingMax = 20_000;

interface Group {
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
 * request waits for nobody and a crowd costs little more.
 */
export class RequestGate {
  #gathering = new Map<string, Group>();
  #waiting = 0;
  #calling = false;

  constructor(private readonly judge: Judge) {}

  admit(caller: RequestCaller): Promise<RequestVerdict> {
    if (this.#waiting >= waitingMax) return Promise.resolve(this.judge.alone(caller));
    this.#waiting += 1;
    const { promise, resolve } = Promise.withResolvers<RequestVerdict>();
    const name = `${caller.tenantId ?? ''} ${caller.actor ?? ''}`;
    const group = this.#gathering.get(name) ?? { caller, waiting: [] };
    this.#gathering.set(name, group);
    group.waiting.push(resolve);
    if (!this.#calling) {
      this.#calling = true;
      setImmediate(() => void this.#drain());
    }
    return promise;
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
    const asked = groups.map(({ caller, waiting }) => ({
      tenantId: caller.tenantId ?? ('' as const),
      actor: caller.actor ?? '',
      count: waiting.length,
    }));
    try {
      const verdicts = await this.judge.ask(asked);
      groups.forEach((group, index) => {
        answer(group, verdicts[index], this.judge.alone);
      });
    } catch {
      for (const group of groups) answer(group, undefined, this.judge.alone);
    } finally {
      for (const { waiting } of groups) this.#waiting -= waiting.length;
    }
  }
}

/** Of requests that came together, the first ones are admitted. */
function answer({ caller, waiting }: Group, verdict: GroupVerdict | undefined, alone: Judge['alone']): void {
  for (const [index, resolve] of waiting.entries()) {
    if (verdict === undefined) resolve(alone(caller));
    else {
      const { tenant, key, retryAfterMs, admitted } = verdict;
      resolve({ admitted: index < admitted, tenant, key, retryAfterMs: index < admitted ? 0 : retryAfterMs });
    }
  }
}
