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
import { invalidRequest, type Place, pointerOf } from '../http/request-validation.pipe.js';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Events of one request, with the place of each in it, so that an error can point there. */
export interface ReadEvents {
  readonly events: readonly CloudEvent[];
  /** Where an attribute of an event, or its data, stood in the request. */
  pointerTo(index: number, attribute: string): string;
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
    const events = check(cloudEventBatchSchema, body, inBody);
    return { events, pointerTo: (index, attribute) => `/body/${index}/${attribute}` };
  }
  if (mediaType !== cloudEventMediaTypes.structured && headers['ce-specversion'] !== undefined) {
    const event = check(cloudEventSchema, { ...attributesIn(headers), data: body }, binaryPlace);
    return { events: [event], pointerTo: (_index, attribute) => pointerOf(binaryPlace([attribute])) };
  }
  return { events: [check(cloudEventSchema, body, inBody)], pointerTo: (_index, attribute) => `/body/${attribute}` };
}

function check<Value>(schema: z.ZodType<Value>, value: unknown, place: Place): Value {
  const result = schema.safeParse(value);
  if (!result.success) throw invalidRequest(result.error.issues, place);
  return result.data;
}

const inBody: Place = (path) => ['body', ...path];

/** In binary mode attributes are headers, and the data is the body itself. */
function binaryPlace([attribute = '', ...rest]: readonly string[]): readonly string[] {
  return attribute === 'data' ? ['body', ...rest] : ['header', `ce-${attribute}`, ...rest];
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
