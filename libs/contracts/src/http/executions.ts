import { z } from 'zod';
import { idSchema, nameSchema, sha256Schema } from '../ids.js';
import { jsonValueSchema } from '../json.js';
import { executionLimitsSchema } from '../limits.js';
import { faultSchema, outcomeSchema } from '../outcomes.js';
import { timeInputSchema, timeSchema } from '../time.js';
import { pageOf, pageQueryOf } from './page.js';

/** What asked for a run. */
export const executionKindSchema = z.enum(['event', 'test', 'sync', 'replay']);
export type ExecutionKind = z.infer<typeof executionKindSchema>;

/** What a list shows: everything small about a run. */
export const executionSummarySchema = z
  .object({
    id: idSchema('execution'),
    kind: executionKindSchema,
    function: z.string(),
    functionId: idSchema('function'),
    version: idSchema('version'),
    extensionPoint: z.string(),
    event: idSchema('event').nullable(),
    attempt: z.int(),
    outcome: outcomeSchema,
    message: z.string(),
    /** WebAssembly operators executed. */
    instructionsUsed: z.int(),
    /** What was charged against the instruction limit: instructions and the cost of bulk operations. */
    fuelUsed: z.int(),
    memoryBytesPeak: z.int(),
    cpuUs: z.int(),
    wallUs: z.int(),
    startedAt: timeSchema,
    recordedAt: timeSchema,
  })
  .meta({ id: 'ExecutionSummary' });
export type ExecutionSummaryAnswer = z.output<typeof executionSummarySchema>;

/** Everything that was recorded about a run; the outcome decides which of the optional members are there. */
export const executionSchema = z
  .object({
    ...executionSummarySchema.shape,
    /** Left out where it was not kept. */
    input: jsonValueSchema.optional(),
    /** Only with the outcome `succeeded`. */
    output: jsonValueSchema.optional(),
    log: z.string(),
    /** Bytes that were cut off the end of the log. */
    logBytesDropped: z.int(),
    limit: z.object({ name: executionLimitsSchema.keyof(), max: z.int(), actual: z.int().optional() }).optional(),
    exitCode: z.int().optional(),
    guestError: z.string().optional(),
    backtrace: z.array(z.object({ functionIndex: z.int(), functionName: z.string().optional() })).optional(),
    /** Where the function stood among those of its point; counts from 1. Absent for a run of one function alone. */
    position: z.int().optional(),
    /** SHA-256 of what the function read and wrote, whether it was kept or not. */
    inputSha256: sha256Schema.optional(),
    outputSha256: sha256Schema.optional(),
    /** The guest's clock stood still at this time. */
    clockMs: z.int(),
    /** What the guest's random source was seeded with. */
    seed: z.string(),
  })
  .meta({ id: 'Execution' });
export type ExecutionAnswer = z.output<typeof executionSchema>;

/** Newest first, by the time of the event. A page may be short, or empty, and yet have a `next`: go on with it. */
export const executionPageSchema = pageOf(executionSummarySchema, 'ExecutionPage');

const figureSchema = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What narrows executions down wherever they are shown. All given filters hold together. */
const runFilters = {
  function: nameSchema.optional(),
  version: idSchema('version').optional(),
  extensionPoint: nameSchema.optional(),
  outcome: outcomeSchema.optional(),
  /** Whose failure it was; `none` for runs that succeeded. */
  fault: faultSchema.optional(),
  kind: executionKindSchema.optional(),
};

/** What narrows a list down further. Sums over many runs can't be asked by these: they don't know the single run. */
const figureFilters = {
  wallUsMin: figureSchema.optional(),
  wallUsMax: figureSchema.optional(),
  instructionsMin: figureSchema.optional(),
  instructionsMax: figureSchema.optional(),
};

/** Filters narrow the list together; an unknown one is refused rather than ignored. */
export const executionsQuerySchema = pageQueryOf(idSchema('execution')).extend({
  ...runFilters,
  ...figureFilters,
  event: idSchema('event').optional(),
  /** Text that the log contains, whatever its case. Postgres compares with every character but NUL. */
  log: z
    .string()
    .min(2)
    .max(200)
    .refine((text) => !text.includes('\0'), 'expected text without NUL')
    .optional(),
  /** Events of this time or later. */
  from: timeInputSchema.optional(),
  /** Events from before this time. */
  to: timeInputSchema.optional(),
});
export type ExecutionsQuery = z.output<typeof executionsQuerySchema>;

/** What a stream shows; without filters, every run as it is recorded. */
export const executionStreamQuerySchema = z.strictObject({
  ...runFilters,
  event: idSchema('event').optional(),
  /** `true`: with the first 8,000 characters of each log. */
  logs: z.enum(['true', 'false']).default('false'),
  /** `false`: shows what was recorded since `Last-Event-ID` and ends. */
  follow: z.enum(['true', 'false']).default('true'),
});
export type ExecutionStreamQuery = z.output<typeof executionStreamQuerySchema>;

/** The data of an `execution` in a stream. */
export const streamedExecutionSchema = executionSummarySchema
  .extend({ log: z.string().optional() })
  .meta({ id: 'StreamedExecution' });
export type StreamedExecution = z.output<typeof streamedExecutionSchema>;

/** The data of a `dropped` in a stream: runs that it could not show, whether they fit its filters or not. */
export const droppedExecutionsSchema = z
  .object({
    /** Null where nobody can say how many: the place to go on from is too long ago. */
    count: z.int().nullable(),
    reason: z.enum(['slow_reader', 'too_long_ago']),
  })
  .meta({ id: 'DroppedExecutions' });
export type DroppedExecutions = z.output<typeof droppedExecutionsSchema>;

/** Lengths of the buckets of a chart. */
export const statisticsBuckets = { '1m': 60, '5m': 300, '15m': 900, '1h': 3_600, '6h': 21_600, '1d': 86_400 } as const;
export type StatisticsBucket = keyof typeof statisticsBuckets;
const bucketNames = Object.keys(statisticsBuckets) as [StatisticsBucket, ...StatisticsBucket[]];

/** Which runs are added up, over which time, and how finely. */
export const statisticsQuerySchema = z.strictObject({
  ...runFilters,
  /** Events of this time or later, down to a whole bucket; when absent, 24 hours before `to`, or as long as `bucket` is for. */
  from: timeInputSchema.optional(),
  /** Events from before this time, up to a whole bucket; now, when absent. */
  to: timeInputSchema.optional(),
  /** Chosen by the length of the time, when absent. Minutes are for at most 3 hours, 5 and 15 of them for 6 hours, hours for 8 days, 6 hours for 60 days, days for 400. */
  bucket: z.enum(bucketNames).optional(),
  /** `function`: one series for each of the 20 functions with the most runs. */
  by: z.enum(['function']).optional(),
});
export type StatisticsQuery = z.output<typeof statisticsQuerySchema>;

/** Percentiles are at most 4.5 % off; mean and max are exact. */
const spreadSchema = z.object({ mean: z.int(), max: z.int(), p50: z.int(), p90: z.int(), p99: z.int() });

const runStatisticsSchema = z.object({
  executions: z.int(),
  executionsPerSecond: z.number(),
  outcomes: z.partialRecord(outcomeSchema, z.int()),
  wallUs: spreadSchema,
  instructions: spreadSchema,
});

/** Runs added up by the time of their events. Buckets in which nothing ran are left out. */
export const statisticsSchema = z
  .object({
    from: timeSchema,
    to: timeSchema,
    bucketSeconds: z.int(),
    series: z.array(
      z.object({
        /** Absent for the series over all functions. */
        functionId: idSchema('function').optional(),
        function: z.string().optional(),
        total: runStatisticsSchema,
        buckets: z.array(runStatisticsSchema.extend({ start: timeSchema })),
      }),
    ),
  })
  .meta({ id: 'ExecutionStatistics' });
export type StatisticsAnswer = z.output<typeof statisticsSchema>;
