import type { HoldReason, Id, QuotaLimits, QuotaName, QuotaState } from '@tenon/contracts';
import { quotaWarningShare } from '@tenon/contracts';
import {
  bounded,
  connectForCommands,
  defineScripts,
  type QueueOptions,
  queueKeys,
  type RunScript,
  type ScriptArgument,
} from '@tenon/queue';
import type {
  BucketState,
  EventGroup,
  EventsVerdict,
  QuotaWarning,
  RequestVerdict,
  TenantTruth,
  UsedQuota,
} from './quota.types.js';

const folder = new URL('./lua/', import.meta.url);
const scriptNames = [
  'admit-requests',
  'admit-events',
  'change-pending',
  'report',
  'read',
  'seed',
  'set-plan',
  'forget',
  'claim-shares',
] as const;

/** A request must not wait for a Redis that is gone: beyond this it is judged without it. */
const storeTimeoutMsDefault = 250;

export interface QuotaStoreOptions extends QueueOptions {
  /** How long Redis may take to answer. Default: 250. */
  readonly storeTimeoutMs?: number;
}

/** Postgres is asked again after this time, in case a report or a change was lost on its way to Redis. */
const recheckMs = 10 * 60_000;
/** The same where Redis had lost its memory: by then it is filled again. */
const recheckSoonMs = 60_000;
/** The fair queue is told about all shares again after this time, whether anything changed or not. */
const sharesHoldMs = 60_000;
/** Operators are few and trusted; the bound keeps a runaway script from taking the api down. */
const operatorRequestsPerSecond = 20_000;
const operatorBurst = 40_000;
/** Share of the newest report in what an event is taken to use. */
const newestShare = 0.2;
const answerSize = 12;

/** Requests of one caller that came together. */
export interface RequestGroup {
  readonly tenantId: Id<'tenant'> | '';
  readonly actor: string;
  readonly count: number;
}

export interface GroupVerdict extends Omit<RequestVerdict, 'admitted'> {
  readonly admitted: number;
  readonly stale: boolean;
}

/** The counts in Redis; every method is one round trip, and throws where Redis does not answer in time. */
export interface QuotaStore {
  /** One verdict per group; undefined where Redis does not know the tenant. */
  admitRequests(groups: readonly RequestGroup[]): Promise<ReadonlyArray<GroupVerdict | undefined>>;
  /** One verdict per group; undefined where Redis does not know the tenant. */
  admitEvents(
    tenantId: Id<'tenant'>,
    groups: readonly EventGroup[],
  ): Promise<{ readonly verdicts: readonly EventsVerdict[]; readonly stale: boolean } | undefined>;
  report(used: readonly UsedQuota[]): Promise<readonly QuotaWarning[]>;
  states(tenantId: Id<'tenant'>): Promise<readonly QuotaState[]>;
  changePending(tenantId: Id<'tenant'>, by: number): Promise<void>;
  seed(tenantId: Id<'tenant'>, monthStart: Date, truth: TenantTruth): Promise<void>;
  setPlan(plan: string, limits: QuotaLimits): Promise<void>;
  forget(tenantId: Id<'tenant'>): Promise<void>;
  claimShares(): Promise<boolean>;
  close(): Promise<void>;
}

export function openQuotaStore(options: QuotaStoreOptions): QuotaStore {
  const { storeTimeoutMs = storeTimeoutMsDefault } = options;
  const redis = connectForCommands(options);
  const { quota: rootKey, fair } = queueKeys(options.prefix);
  const run = defineScripts(redis, { url: folder, names: scriptNames, rootKey });
  const ask: RunScript<(typeof scriptNames)[number]> = (name, args) =>
    bounded(`the quotas' ${name}`, storeTimeoutMs, run(name, args));
  return {
    admitRequests: async (groups) => {
      const args = groups.flatMap(({ tenantId, actor, count }) => [tenantId, actor, count]);
      const answer = numbers(
        await ask('admit-requests', [recheckMs, operatorRequestsPerSecond, operatorBurst, ...args]),
      );
      return groups.map((_, index) => groupVerdict(answer.slice(index * answerSize, (index + 1) * answerSize)));
    },
    admitEvents: async (tenantId, groups) => {
      const args = groups.flatMap(({ dueMs = 0, count }) => [dueMs, count]);
      const [known, stale, inHandMax, ...parts] = strings(
        await ask('admit-events', [fair, tenantId, recheckMs, ...args]),
      );
      if (known !== '1') return undefined;
      const verdicts = groups.map(({ count }, index) => ({
        ...eventsVerdict(parts.slice(index * 3, index * 3 + 3), count),
        inHandMax: Number(inHandMax),
      }));
      return { verdicts, stale: stale === '1' };
    },
    report: async (used) => {
      const args = used.flatMap(({ tenantId, events, runs = 0, executions, instructions }) => {
        return [tenantId, events, runs, executions, instructions];
      });
      return warningsOf(await ask('report', [newestShare, ...args]));
    },
    states: async (tenantId) => statesOf(await ask('read', [fair, tenantId])),
    changePending: async (tenantId, by) => {
      await ask('change-pending', [tenantId, by]);
    },
    seed: async (tenantId, monthStart, { plan, limits, executions, instructions }) => {
      const counts = [executions, instructions, monthStart.getTime()];
      await ask('seed', [fair, recheckMs, recheckSoonMs, tenantId, plan, ...counts, ...pairsOf(limits)]);
    },
    setPlan: async (plan, limits) => {
      await ask('set-plan', [plan, ...pairsOf(limits)]);
    },
    forget: async (tenantId) => {
      await ask('forget', [tenantId]);
    },
    claimShares: async () => (await ask('claim-shares', [sharesHoldMs])) === 1,
    close: async () => redis.disconnect(),
  };
}

function pairsOf(limits: QuotaLimits): ScriptArgument[] {
  return Object.entries(limits).flat();
}

function strings(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.map(String) : [];
}

function numbers(answer: unknown): readonly number[] {
  return strings(answer).map(Number);
}

function groupVerdict(parts: readonly number[]): GroupVerdict | undefined {
  const [known, admitted = 0, ...rest] = parts;
  if (known !== 1) return undefined;
  const [retryAfterMs = 0, stale = 0] = rest.slice(8);
  const tenant = bucket(rest.slice(0, 4));
  const key = bucket(rest.slice(4, 8));
  return { admitted, tenant, key, retryAfterMs, stale: stale === 1 };
}

function bucket([limit = 0, remaining = 0, resetMs = 0, windowMs = 0]: readonly number[]): BucketState | undefined {
  return limit === 0 ? undefined : { limit, remaining, resetMs, windowMs };
}

function eventsVerdict([admitted = '0', reason = '', resetMs = '0']: readonly string[], count: number): EventsVerdict {
  if (Number(admitted) >= count) return { admitted: Number(admitted) };
  return { admitted: Number(admitted), reason: reason as HoldReason, resetMs: Number(resetMs) || undefined };
}

function warningsOf(answer: unknown): readonly QuotaWarning[] {
  return chunks(strings(answer), 5).map(([tenantId = '', quota = '', used, limit, resetMs]) => ({
    tenantId: tenantId as Id<'tenant'>,
    quota: quota as HoldReason,
    used: Number(used),
    limit: Number(limit),
    resetMs: Number(resetMs),
  }));
}

function statesOf(answer: unknown): readonly QuotaState[] {
  return chunks(strings(answer), 4).map(([name = '', limit, used, resetMs]) => {
    const state = quotaState(name as QuotaName, Number(limit), Number(used));
    const endsInMs = Number(resetMs);
    return endsInMs < 0 ? state : { ...state, resetsAt: new Date(Date.now() + endsInMs).toISOString() };
  });
}

/** A quota without a window. */
export function quotaState(name: QuotaName, limit: number, used: number): QuotaState {
  return { name, limit, used, remaining: Math.max(0, limit - used), warning: used >= quotaWarningShare * limit };
}

function chunks(parts: readonly string[], size: number): readonly string[][] {
  return Array.from({ length: Math.floor(parts.length / size) }, (_, index) =>
    parts.slice(index * size, (index + 1) * size),
  );
}
