import type { Id, QuotaState } from '@tenon/contracts';
import { LocalLimiter } from './local-limiter.js';
import type {
  EventGroup,
  EventsVerdict,
  QuotaSource,
  Quotas,
  QuotaWarning,
  RequestCaller,
  TenantTruth,
  UsedQuota,
} from './quota.types.js';
import {
  type GroupVerdict,
  openQuotaStore,
  type QuotaStore,
  type QuotaStoreOptions,
  quotaState,
  type RequestGroup,
} from './quota-store.js';
import { RequestGate } from './request-gate.js';

export interface QuotasOptions extends QuotaStoreOptions {
  /** Where counts are made again from. */
  readonly source: QuotaSource;
}

/** Redis is not asked again for this long after it failed to answer. */
const restMs = 1_000;
/** Tenants of which something was missed while Redis was away; beyond that, the regular recheck finds them. */
const missedMax = 10_000;

/** Opens the quotas of an installation; any number of processes may. */
export function openQuotas(options: QuotasOptions): Quotas {
  const store = openQuotaStore(options);
  const keeper = new QuotaKeeper(store, options.source, (error) => options.onError?.(error));
  const gate = new RequestGate({ ask: (groups) => keeper.judge(groups), alone: (caller) => keeper.alone(caller) });
  return {
    admitRequest: (caller) => gate.admit(caller),
    admitEvents: (tenantId, count) => keeper.admitEvents(tenantId, count),
    admitGroups: (tenantId, groups) => keeper.admitGroups(tenantId, groups),
    readmitEvents: (tenantId, count) => keeper.readmitEvents(tenantId, count),
    changePending: (tenantId, by) => keeper.changePending(tenantId, by),
    report: (used) => keeper.report(used),
    states: (tenantId) => keeper.states(tenantId),
    planChanged: (plan, limits) => store.setPlan(plan, limits).finally(() => gate.forget()),
    forgetTenant: (tenantId) => store.forget(tenantId).finally(() => gate.forget()),
    claimShares: () => store.claimShares(),
    close: () => {
      gate.close();
      return store.close();
    },
  };
}

/** Keeps Redis in step with Postgres, and does without Redis while it is away. */
class QuotaKeeper {
  readonly #local = new LocalLimiter();
  readonly #seeding = new Map<Id<'tenant'>, Promise<void>>();
  readonly #missed = new Set<Id<'tenant'>>();
  #restUntilMs = 0;

  constructor(
    private readonly store: QuotaStore,
    private readonly source: QuotaSource,
    private readonly onError: (error: Error) => void,
  ) {}

  alone(caller: RequestCaller) {
    return this.#local.admit(caller);
  }

  /**
   * No verdict for a tenant that Redis does not know and Postgres can't tell about.
   *
   * @throws where Redis is away
   */
  async judge(groups: readonly RequestGroup[]): Promise<ReadonlyArray<GroupVerdict | undefined>> {
    const first = await this.#redis(() => this.store.admitRequests(groups));
    const unknown = groups.filter((_, index) => first[index] === undefined);
    const verdicts = unknown.length === 0 ? first : await this.#judgeAgain(groups, first, unknown);
    for (const [index, group] of groups.entries()) this.#note(group, verdicts[index]);
    return verdicts;
  }

  async admitEvents(tenantId: Id<'tenant'>, count: number): Promise<EventsVerdict> {
    const [verdict = { admitted: 0 }] = await this.admitGroups(tenantId, [{ count }]);
    return verdict;
  }

  async admitGroups(tenantId: Id<'tenant'>, groups: readonly EventGroup[]): Promise<readonly EventsVerdict[]> {
    try {
      return await this.#askEvents(tenantId, groups);
    } catch {
      // Nobody's event waits for our Redis. What was admitted meanwhile is counted when it is back.
      this.#miss(tenantId);
      return groups.map(({ count }) => ({ admitted: count }));
    }
  }

  async readmitEvents(tenantId: Id<'tenant'>, count: number): Promise<EventsVerdict> {
    try {
      const [verdict = { admitted: 0 }] = await this.#askEvents(tenantId, [{ count }]);
      return verdict;
    } catch {
      return { admitted: 0 };
    }
  }

  async changePending(tenantId: Id<'tenant'>, by: number): Promise<void> {
    if (by === 0) return;
    try {
      await this.#redis(() => this.store.changePending(tenantId, by));
    } catch {
      this.#miss(tenantId);
    }
  }

  async report(used: readonly UsedQuota[]): Promise<readonly QuotaWarning[]> {
    if (used.length === 0) return [];
    try {
      return await this.#redis(() => this.store.report(used));
    } catch {
      for (const { tenantId } of used) this.#miss(tenantId);
      return [];
    }
  }

  /** Tells Redis what Postgres knows; concurrent askers share one question. */
  seed(tenantId: Id<'tenant'>): Promise<void> {
    const running = this.#seeding.get(tenantId);
    if (running !== undefined) return running;
    const seeding = this.#seed(tenantId).finally(() => this.#seeding.delete(tenantId));
    this.#seeding.set(tenantId, seeding);
    return seeding;
  }

  async states(tenantId: Id<'tenant'>): Promise<readonly QuotaState[]> {
    const storedBytes = await this.source.storedBytes(tenantId);
    const counted = await this.#countedStates(tenantId).catch(() => this.#knownStates(tenantId));
    return counted.map(({ name, limit, used, resetsAt }) => {
      const state = quotaState(name, limit, name === 'stored_bytes' ? storedBytes : used);
      return resetsAt === undefined ? state : { ...state, resetsAt };
    });
  }

  async #countedStates(tenantId: Id<'tenant'>): Promise<readonly QuotaState[]> {
    const states = await this.#redis(() => this.store.states(tenantId));
    if (states.length > 0) return states;
    await this.seed(tenantId);
    return this.#redis(() => this.store.states(tenantId));
  }

  /** What can be said without Redis. */
  async #knownStates(tenantId: Id<'tenant'>): Promise<readonly QuotaState[]> {
    const monthStart = startOfMonth(0);
    const truth = await this.#truthOf(tenantId, monthStart);
    const resetsAt = startOfMonth(1).toISOString();
    return [
      { ...quotaState('executions_per_month', truth.limits.executionsPerMonth, truth.executions), resetsAt },
      { ...quotaState('instructions_per_month', truth.limits.instructionsPerMonth, truth.instructions), resetsAt },
      quotaState('stored_bytes', truth.limits.storedBytesMax, 0),
    ];
  }

  async #seed(tenantId: Id<'tenant'>): Promise<void> {
    const monthStart = startOfMonth(0);
    const truth = await this.#truthOf(tenantId, monthStart);
    await this.#redis(() => this.store.seed(tenantId, monthStart, truth));
    this.#missed.delete(tenantId);
  }

  async #truthOf(tenantId: Id<'tenant'>, monthStart: Date): Promise<TenantTruth> {
    const truth = await this.source.read(tenantId, monthStart);
    if (truth === null) throw new Error('there is no such tenant');
    return truth;
  }

  async #judgeAgain(
    groups: readonly RequestGroup[],
    first: ReadonlyArray<GroupVerdict | undefined>,
    unknown: readonly RequestGroup[],
  ): Promise<ReadonlyArray<GroupVerdict | undefined>> {
    const tenants = new Set(unknown.flatMap(({ tenantId }) => (tenantId === '' ? [] : [tenantId])));
    const seeded = await Promise.allSettled([...tenants].map((tenantId) => this.seed(tenantId)));
    for (const one of seeded) if (one.status === 'rejected') this.#tell(one.reason);
    const answers = await this.#redis(() => this.store.admitRequests(unknown));
    const second = new Map(unknown.map((group, index) => [group, answers[index]]));
    return groups.map((group, index) => first[index] ?? second.get(group));
  }

  async #askEvents(tenantId: Id<'tenant'>, groups: readonly EventGroup[]): Promise<readonly EventsVerdict[]> {
    const ask = () => this.#redis(() => this.store.admitEvents(tenantId, groups));
    if (this.#missed.has(tenantId)) await this.seed(tenantId);
    let answer = await ask();
    if (answer === undefined) {
      await this.seed(tenantId);
      answer = await ask();
    }
    if (answer === undefined) throw new Error('Redis forgot a tenant between two questions');
    if (answer.stale) this.#seedBeside(tenantId);
    return answer.verdicts;
  }

  #note({ tenantId, actor }: RequestGroup, verdict: GroupVerdict | undefined): void {
    if (verdict === undefined) return;
    this.#local.learn({ tenantId: tenantId || undefined, actor: actor || undefined }, verdict);
    if (verdict.stale && tenantId !== '') this.#seedBeside(tenantId);
  }

  #seedBeside(tenantId: Id<'tenant'>): void {
    this.seed(tenantId).catch((error: unknown) => this.#tell(error));
  }

  #miss(tenantId: Id<'tenant'>): void {
    if (this.#missed.size < missedMax) this.#missed.add(tenantId);
  }

  /** @throws at once while Redis rests after a failure */
  async #redis<Result>(work: () => Promise<Result>): Promise<Result> {
    if (performance.now() < this.#restUntilMs) throw new Error('Redis was away a moment ago');
    try {
      return await work();
    } catch (error) {
      this.#restUntilMs = performance.now() + restMs;
      this.#tell(error);
      throw error;
    }
  }

  #tell(error: unknown): void {
    this.onError(error instanceof Error ? error : new Error(String(error)));
  }
}

function startOfMonth(monthsAhead: number): Date {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + monthsAhead));
}
