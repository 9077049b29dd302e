import { z } from 'zod';

interface ProblemFacts {
  readonly status: number;
  readonly title: string;
}

/** The one table of error codes: HTTP status and title of each. docs/errors.md and OpenAPI are checked against it. */
export const problems = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  invalid_module: { status: 422, title: 'The module was refused' },
  invalid_schema: { status: 422, title: 'The JSON Schema is not valid' },
  invalid_settings: { status: 422, title: 'The settings do not fit the version' },
  invalid_event: { status: 422, title: 'An event does not fit its extension point' },
  unauthenticated: { status: 401, title: 'A valid key is needed' },
  signature_invalid: { status: 401, title: 'The signature does not match' },
  sign_in_failed: { status: 401, title: 'The sign-in failed' },
  sign_in_blocked: { status: 429, title: 'Too many failed sign-ins' },
  csrf_failed: { status: 403, title: 'The request did not come from the dashboard' },
  session_required: { status: 403, title: 'Only a person who is signed in can do this' },
  invitation_invalid: { status: 404, title: 'The invitation is not valid' },
  insufficient_scope: { status: 403, title: 'A scope is missing' },
  tenant_required: { status: 400, title: 'The Tenant-Id header is needed' },
  tenant_suspended: { status: 403, title: 'The tenant is suspended' },
  tenant_not_suspended: { status: 409, title: 'The tenant is not suspended' },
  tenant_deleting: { status: 409, title: 'The tenant is being deleted' },
  last_owner: { status: 409, title: 'A tenant needs an owner' },
  key_ended: { status: 409, title: 'The key has ended' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  conflict: { status: 409, title: 'It exists already' },
  plan_limit_reached: { status: 409, title: 'The plan allows no more' },
  version_not_ready: { status: 409, title: 'The version is not ready' },
  function_live: { status: 409, title: 'It is live' },
  incompatible_change: { status: 409, title: 'Live functions may not stand the change' },
  settings_schema_fixed: { status: 409, title: 'The schema of the settings is fixed' },
  nothing_to_roll_back: { status: 409, title: 'There is no earlier version' },
  event_state: { status: 409, title: 'The event is in another state' },
  precondition_failed: { status: 412, title: 'The condition of the request does not hold' },
  idempotency_in_progress: { status: 409, title: 'The first request with this key is not over' },
  idempotency_answer_lost: { status: 409, title: 'It was carried out, but its answer is lost' },
  idempotency_key_reused: { status: 422, title: 'The key belongs to another request' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  rate_limited: { status: 429, title: 'Too many requests' },
  input_not_kept: { status: 409, title: 'The input of the execution was not kept' },
  quota_exceeded: { status: 429, title: 'A quota of the plan is used up' },
  run_failed: { status: 422, title: 'A function failed, and the point does not do without it' },
  run_timed_out: { status: 504, title: 'The run did not end by its deadline' },
  internal: { status: 500, title: 'Tenon failed' },
  unavailable: { status: 503, title: 'A part of Tenon is not available' },
} as const satisfies Record<string, ProblemFacts>;

export type ProblemCode = keyof typeof problems;
/** Every code, in the order of the table. */
export const problemCodes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]];

/** An error as RFC 9457 wants it, with a stable `code` and the fields that are wrong. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(problemCodes),
    detail: z.string().optional(),
    requestId: z.string().optional(),
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;

/** One fault of a request. */
export interface FieldError {
  /** A JSON Pointer (RFC 6901) into the request. */
  readonly pointer: string;
  readonly message: string;
}

/** Thrown anywhere below a controller; the api turns it into problem+json. Never carries a secret. */
export class ProblemError extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    /** What led to it: for our own logs, never for the answer. */
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.name = 'ProblemError';
  }

  get status(): number {
    return problems[this.code].status;
  }
}

/** The table of codes, as the api shows it to whoever follows the `type` of a problem. */
export const problemTableSchema = z
  .object({ problems: z.array(z.object({ code: z.enum(problemCodes), status: z.int(), title: z.string() })) })
  .meta({ id: 'ProblemTable' });
