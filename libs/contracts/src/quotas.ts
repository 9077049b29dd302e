import { z } from 'zod';

/** Far above any real use, and still an exact integer in a double. */
const countMax = 1_000_000_000_000_000;

/** What a tenant may use over time. Every field ending in Max, PerSecond, PerMinute or PerMonth is a ceiling. */
export const quotaLimitsSchema = z
  .object({
    /** Requests of all keys of the tenant together, on average. */
    requestsPerSecond: z.number().min(0.1).max(1_000_000).default(20_000),
    /** Requests that may come at once after a pause. */
    requestsBurst: z.int().min(1).max(1_000_000).default(40_000),
    /** The same for one key alone. */
    keyRequestsPerSecond: z.number().min(0.1).max(1_000_000).default(20_000),
    keyRequestsBurst: z.int().min(1).max(1_000_000).default(40_000),
    /** Runs of functions, counted when they end. A minute is a whole minute of the clock, a month one of UTC. */
    executionsPerMinute: z.int().min(0).max(countMax).default(5_000_000),
    executionsPerMonth: z.int().min(0).max(countMax).default(1_000_000_000),
    instructionsPerMinute: z.int().min(0).max(countMax).default(1_000_000_000_000),
    instructionsPerMonth: z.int().min(0).max(countMax).default(countMax),
    /** Events in hand at once; more wait their turn. */
    concurrentExecutionsMax: z.int().min(1).max(1_000_000).default(1_000),
    /** Events that were accepted and are not finished; more are held. */
    eventsWaitingMax: z.int().min(0).max(100_000_000).default(1_000_000),
    /** Modules and what was built from them. */
    storedBytesMax: z.int().min(0).max(countMax).default(10_000_000_000),
    /** Share of the machine against other tenants that want it at the same time. */
    weight: z.number().min(0.001).max(1_000).default(1),
  })
  .meta({ id: 'QuotaLimits' });
export type QuotaLimits = z.output<typeof quotaLimitsSchema>;

/** The same as a request writes it: what is left out takes its default, and a misspelt quota is refused. */
export const quotaLimitsBodySchema = z.strictObject(quotaLimitsSchema.shape).meta({ id: 'QuotaLimitsBody' });

export const defaultQuotaLimits: QuotaLimits = quotaLimitsSchema.parse({});

/** Budgets that an event is held for when they are used up. */
export const holdReasons = [
  'executions_per_minute',
  'executions_per_month',
  'instructions_per_minute',
  'instructions_per_month',
  'events_waiting',
] as const;
export type HoldReason = (typeof holdReasons)[number];

/** Everything that a plan bounds over time, by the name that usage and the RateLimit headers give it. */
export const quotaNames = ['requests', ...holdReasons, 'concurrent_executions', 'stored_bytes'] as const;
export type QuotaName = (typeof quotaNames)[number];

/** From this part of a limit on, whoever uses it is warned. */
export const quotaWarningShare = 0.8;

/** Where a tenant stands with one quota. */
export const quotaStateSchema = z
  .object({
    name: z.enum(quotaNames),
    limit: z.number(),
    used: z.number(),
    remaining: z.number(),
    /** When the count starts again from nothing, or, for requests, when all of the burst is there again. */
    resetsAt: z.string().optional(),
    /** True from 80 % of the limit on. */
    warning: z.boolean(),
  })
  .meta({ id: 'QuotaState' });
export type QuotaState = z.output<typeof quotaStateSchema>;
