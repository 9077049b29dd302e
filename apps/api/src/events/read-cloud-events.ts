import {
  type CloudEvent,
  cloudEventBatchSchema,
  cloudEventMediaTypes,
  cloudEventSchema,
  type JsonValue,
  ProblemError,
} from '@tenon/contracts';
import type { z } from 'zod';
import { isStorable } from '../http/json-body.js';
import { invalidRequest } from '../http/request-validation.pipe.js';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Events of one request, with the place of each in it, so that an error can point there. */
export interface ReadEvents {
  readonly events: readonly CloudEvent[];
  pointerTo(index: number): string;
}

/**
 * Reads CloudEvents 1.0 from a request in any of the three modes of its HTTP binding: one event as JSON (structured),
 * an array (batch), or attributes in `ce-` headers with the data as the body (binary). Plain `application/json`
 * without `ce-` headers is taken as one structured event, because that is what people try first.
 *
 * @throws ProblemError `invalid_request`
 */
export function readCloudEvents(headers: Headers, body: JsonValue): ReadEvents {
  const mediaType = headers['content-type']?.toString().split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === cloudEventMediaTypes.batch) {
    const events = check(cloudEventBatchSchema, body, ['body']);
    return { events, pointerTo: (index) => `/body/${index}` };
  }
  if (mediaType !== cloudEventMediaTypes.structured && headers['ce-specversion'] !== undefined) {
    const event = check(cloudEventSchema, { ...attributesIn(headers), data: body }, ['header']);
    return { events: [event], pointerTo: () => '/header' };
  }
  return { events: [check(cloudEventSchema, body, ['body'])], pointerTo: () => '/body' };
}

function check<Value>(schema: z.ZodType<Value>, value: unknown, base: readonly string[]): Value {
  const result = schema.safeParse(value);
  if (!result.success) throw invalidRequest(result.error.issues, base);
  return result.data;
}

/** Binary mode: `ce-id: 1%20a` is the attribute `id` with the value `1 a`. */
function attributesIn(headers: Headers): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-') || value === undefined) continue;
    attributes[name.slice('ce-'.length)] = decode(name, value.toString());
  }
  return attributes;
}

function decode(name: string, value: string): string {
  try {
    const text = decodeURIComponent(value);
    if (isStorable(text)) return text;
  } catch {
    // Falls through: what cannot be decoded is refused like what cannot be kept.
  }
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: `/header/${name}`, message: 'expected percent-encoded UTF-8' },
  ]);
}
