import { z } from 'zod';
import { cloudEventSchema } from '../cloud-event.js';
import { idSchema } from '../ids.js';
import { requestLimits } from '../limits.js';

/** Media types of CloudEvents' JSON format; `application/json` is taken as one event. */
export const cloudEventMediaTypes = {
  structured: 'application/cloudevents+json',
  batch: 'application/cloudevents-batch+json',
} as const;

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
  })
  .meta({ id: 'AcceptedEvents', example: { ids: ['evt_01kaj8t5m0q4xyj3b2c1d0e9f8'], duplicates: 0 } });
export type AcceptedEventsAnswer = z.output<typeof acceptedEventsSchema>;
