import {
  type CloudEvent,
  cloudEventBatchSchema,
  cloudEventMediaTypes,
  cloudEventSchema,
  ProblemError,
} from '@tenon/contracts';
import { isStorable } from '../http/json-body.js';
import { checkedBy, type Place, pointerOf } from '../http/request-validation.pipe.js';

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
export function readCloudEvents(headers: Headers, body: unknown): ReadEvents {
  const mediaType = headers['content-type']?.toString().split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === cloudEventMediaTypes.batch) {
    const events = checkedBy(cloudEventBatchSchema, body, inBody);
    return { events, pointerTo: (index, attribute) => `/body/${index}/${attribute}` };
  }
  if (mediaType !== cloudEventMediaTypes.structured && headers['ce-specversion'] !== undefined) {
    const event = checkedBy(cloudEventSchema, { ...attributesIn(headers), data: body }, binaryPlace);
    return { events: [event], pointerTo: (_index, attribute) => pointerOf(binaryPlace([attribute])) };
  }
  return {
    events: [checkedBy(cloudEventSchema, body, inBody)],
    pointerTo: (_index, attribute) => `/body/${attribute}`,
  };
}

const inBody: Place = (path) => ['body', ...path];

/** In binary mode attributes are headers, and the data is the body itself. */
function binaryPlace([attribute = '', ...rest]: readonly string[]): readonly string[] {
  return attribute === 'data' ? ['body', ...rest] : ['header', `ce-${attribute}`, ...rest];
}

/** Binary mode: `ce-id: 1%20a`, or as senders of before 1.0.1 write it `ce-id: "1 a"`, is the attribute `id` with the value `1 a`. */
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
    const text = decodeURIComponent(unquoted(value));
    if (isStorable(text)) return text;
  } catch {
    // Falls through: what cannot be decoded is refused like what cannot be kept.
  }
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: `/header/${name}`, message: 'expected percent-encoded UTF-8' },
  ]);
}

/** A quoted string of HTTP (RFC 9110) stands for what is between its quotes, with each escaped character as itself. */
function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  const inner = /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1];
  return inner === undefined ? value : inner.replaceAll(/\\(.)/g, '$1');
}
