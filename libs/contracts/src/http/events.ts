import { z } from 'zod';
import { cloudEventSchema } from '../cloud-event.js';
import { idSchema } from '../ids.js';
import { jsonValueSchema } from '../json.js';
import { requestLimits } from '../limits.js';
import { outcomeNames, outcomeSchema } from '../outcomes.js';
import { combinationSchema } from '../point-policies.js';
import { oneLinePattern } from '../text.js';
import { timeInputSchema, timeSchema } from '../time.js';
import { pageOf, pageQueryOf } from './page.js';

/** Media types of CloudEvents' JSON format; `application/json` is taken as one event. */
export const cloudEventMediaTypes = {
  structured: 'application/cloudevents+json',
  batch: 'application/cloudevents-batch+json',
} as const;

/** The body of one call in batch mode. */
export const cloudEventBatchSchema = z
  .array(cloudEventSchema)
  .min(1)
  .max(requestLimits.eventsPerCallMax)
  .meta({ id: 'CloudEventBatch' });

/** Answered after the events are committed. */
export const acceptedEventsSchema = z
  .object({
    /** One id per event, in the order of the request; an event that was sent before has the id that it got then. */
    ids: z.array(idSchema('event')),
    /** How many of them had been accepted before, by their source and id. */
    duplicates: z.int(),
    /** How many of the others are held, because a quota of the plan is used up; see `GET /v1/events?status=held`. */
    held: z.int(),
  })
  .meta({ id: 'AcceptedEvents', example: { ids: ['evt_01kaj8t5m0q4xyj3b2c1d0e9f8'], duplicates: 0, held: 0 } });
/**
 * Where an event stands: `ready` waits for its turn or runs, `delayed` waits for its time, `held` waits for a person or a
 * quota, `dead` was tried as often as it may be; `done`, `cancelled` and `discarded` need no further run.
 */
export const eventStatusSchema = z.enum(['ready', 'delayed', 'held', 'dead', 'done', 'cancelled', 'discarded']);

export type EventStatus = z.infer<typeof eventStatusSchema>;

/** What a list shows: everything about an event but its data. */
export const eventSummarySchema = z
  .object({
    id: idSchema('event'),
    /** CloudEvents' `source` and `id`. */
    source: z.string(),
    sourceId: z.string(),
    type: z.string(),
    subject: z.string().nullable(),
    /** How it came: `rest`, or `webhook:` and the id of the source. */
    origin: z.string(),
    status: eventStatusSchema,
    /** Why it is held, delayed or dead, or why it ended without an execution. */
    note: z.string().nullable(),
    /** Attempts that were recorded before the next one; 0 for an event that needs no further run. */
    attempts: z.int(),
    /** It does not run before. */
    notBefore: timeSchema.nullable(),
    acceptedAt: timeSchema,
  })
  .meta({ id: 'EventSummary' });
export type EventSummaryAnswer = z.output<typeof eventSummarySchema>;

/** What several functions of one point made of the event together. */
export const pointResultSchema = z
  .object({
    extensionPoint: z.string(),
    attempt: z.int(),
    combination: combinationSchema,
    outcome: outcomeSchema,
    /** Only with the outcome `succeeded`, and where the point keeps outputs. */
    output: jsonValueSchema.optional(),
    steps: z.array(
      z.object({
        /** Its place among the functions of the point, from 1. */
        position: z.int(),
        functionId: idSchema('function'),
        functionName: z.string(),
        executionId: idSchema('execution').nullable(),
        /** `skipped` where the result stood without it. */
        outcome: z.enum([...outcomeNames, 'skipped']),
        /** JSON Pointers to what it changed, at most 50. */
        changed: z.array(z.string()).optional(),
      }),
    ),
    recordedAt: timeSchema,
  })
  .meta({ id: 'PointResult' });

/** An event as it is kept, and where it stands. */
export const eventSchema = z
  .object({
    ...eventSummarySchema.shape,
    data: jsonValueSchema,
    /** One per extension point and attempt with more than one function, the latest attempt first. */
    results: z.array(pointResultSchema),
  })
  .meta({ id: 'Event' });
export type EventAnswer = z.output<typeof eventSchema>;

/** Newest first. */
export const eventPageSchema = pageOf(eventSummarySchema, 'EventPage');

const filterShape = {
  /** CloudEvents' `type`. */
  type: z.string().min(1).max(256).regex(oneLinePattern).optional(),
  /** CloudEvents' `source`. */
  source: z.string().min(1).max(512).regex(oneLinePattern).optional(),
  /** Accepted at this time or later. */
  from: timeInputSchema.optional(),
  /** Accepted before this time. */
  to: timeInputSchema.optional(),
};

/** Filters narrow the list together; an unknown one is refused rather than ignored. */
export const eventsQuerySchema = pageQueryOf(idSchema('event')).extend({
  status: eventStatusSchema.optional(),
  ...filterShape,
});
export type EventsQuery = z.output<typeof eventsQuerySchema>;

/** The same for what is dead. */
export const deadLettersQuerySchema = pageQueryOf(idSchema('event')).extend(filterShape);
export type DeadLettersQuery = z.output<typeof deadLettersQuerySchema>;

/** Events by their ids, or the oldest of those that a filter finds. An empty filter finds all. */
export const eventChoiceSchema = z
  .union(
    [
      z.strictObject({ ids: z.array(idSchema('event')).min(1).max(1_000) }),
      z.strictObject({
        filter: z.strictObject({
          ...filterShape,
          /** Exactly what the note of the event says. */
          note: z.string().min(1).max(500).optional(),
        }),
        limit: z.int().min(1).max(1_000).default(1_000),
      }),
    ],
    'expected "ids" with 1 to 1,000 ids of events, or "filter" with a "limit" of 1 to 1,000',
  )
  .meta({ id: 'EventChoice', example: { filter: { type: 'cart.updated' }, limit: 1_000 } });
export type EventChoiceBody = z.output<typeof eventChoiceSchema>;

/** How many events were changed; as many as the limit means that there may be more. */
export const changedEventsSchema = z.object({ changed: z.int() }).meta({ id: 'ChangedEvents' });

export type AcceptedEventsAnswer = z.output<typeof acceptedEventsSchema>;
