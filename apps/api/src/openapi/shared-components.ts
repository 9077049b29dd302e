/** Headers and parameters that many operations share: described once, referred to everywhere. */

const entityTagPattern = '^(\\*|(W/)?"[!#-~]{0,128}"([ \\t]*,[ \\t]*(W/)?"[!#-~]{0,128}")*)$';
const exampleTag = '"YWJjZGVmZ2hpamtsbW5vcA"';

export const sharedHeaders = {
  'X-Request-Id': {
    description:
      'The id of the request, as the logs and the audit log have it: yours, if it was one of `A-Za-z0-9._-`.',
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' },
    example: 'req_01kaj8t5m0q4xyj3b2c1d0e9f8',
  },
  ETag: {
    description: 'The entity tag of this representation; give it back as `If-Match` or `If-None-Match`.',
    required: true,
    schema: { type: 'string', pattern: '^"[A-Za-z0-9_-]{22}"$' },
    example: exampleTag,
  },
  'Retry-After': {
    description: 'Seconds to wait before another try.',
    required: true,
    schema: { type: 'string', pattern: '^[0-9]{1,6}$' },
    example: '1',
  },
  RateLimit: {
    description: 'What is left of the limit that is nearest (draft-ietf-httpapi-ratelimit-headers).',
    schema: { type: 'string', maxLength: 2_000 },
    example: '"key";r=99;t=1',
  },
  'RateLimit-Policy': {
    description: 'The limits that count for this request (draft-ietf-httpapi-ratelimit-headers).',
    schema: { type: 'string', maxLength: 512 },
    example: '"key";q=100;w=1',
  },
  'Idempotent-Replayed': {
    description: 'There, and `true`, where the answer is that of an earlier request with the same `Idempotency-Key`.',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  'WWW-Authenticate': {
    description: 'How to show who you are (RFC 6750).',
    required: true,
    schema: { type: 'string', pattern: '^Bearer' },
    example: 'Bearer',
  },
} as const;

export const sharedParameters = {
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Makes trying again safe: the same request with the same key gets the answer of the first one and does nothing ' +
      'twice. 1 to 255 visible characters without quotes, plain or in double quotes; kept for 24 hours. A random UUID is a good one.',
    schema: { type: 'string', pattern: '^([!#-+\\--~]{1,255}|"[ !#-\\[\\]-~]{1,255}")$' },
  },
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'Change it only if it still has this `ETag`; anything else is `precondition_failed`.',
    schema: { type: 'string', pattern: entityTagPattern, maxLength: 2_000 },
    example: exampleTag,
  },
  'If-None-Match-Create': {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: '`*`: create it only if it is not there yet; anything else is `precondition_failed`.',
    schema: { type: 'string', pattern: entityTagPattern, maxLength: 2_000 },
    example: '*',
  },
  'If-None-Match': {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'The `ETag` of what you have: if it is still that, the answer is `304` without a body.',
    schema: { type: 'string' },
    example: exampleTag,
  },
} as const;

export type SharedHeader = keyof typeof sharedHeaders;
export type SharedParameter = keyof typeof sharedParameters;

/** A reference to a shared header, for a response. */
export const headerReference = (name: SharedHeader) => ({ $ref: `#/components/headers/${name}` });
/** A reference to a shared parameter, for an operation. */
export const parameterReference = (name: SharedParameter) => ({ $ref: `#/components/parameters/${name}` });
