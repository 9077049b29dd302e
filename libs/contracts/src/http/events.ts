import { z } from 'zod';
import { cloudEventSchema } from '../cloud-event.js';
import { idSchema } from '../ids.js';
import { jsonValueSchema } from '../json.js';
import { requestLimits } from '../limits.js';
import { timeSchema } from '../time.js';

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

/** An event as it is kept, and where it stands. */
export const eventSchema = z
  .object({
    id: idSchema('event'),
    /** CloudEvents' `source` and `id`. */
    source: z.string(),
    sourceId: z.string(),
    type: z.string(),
    subject: z.string().nullable(),
    data: jsonValueSchema,
    status: eventStatusSchema,
    /** Why it is held, or why it was done without an execution. */
    note: z.string().nullable(),
    acceptedAt: timeSchema,
  })
  .meta({ id: 'Event' });
export type EventAnswer = z.output<typeof eventSchema>;

export type AcceptedEventsAnswer = z.output<typeof acceptedEventsSchema>;
