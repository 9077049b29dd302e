import { HttpException } from '@nestjs/common';
import { type Problem, type ProblemCode, ProblemError, problems } from '@tenon/contracts';
import { isOutage } from './outage.js';

/** Where the code of a problem is explained; a relative reference, so that it works wherever Tenon is mounted. */
export function problemType(code: ProblemCode): string {
  return `/v1/problems#${code}`;
}

/** The body for `code`. The request id travels in a header only, so equal refusals have equal bodies. */
export function problemOf(code: ProblemCode, detail?: string, errors: Problem['errors'] = []): Problem {
  const { status, title } = problems[code];
  return {
    type: problemType(code),
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(errors.length === 0 ? {} : { errors }),
  };
}

/** Errors of Fastify itself, by their code. What is not listed and is not a 4xx is our own failure. */
const fastifyProblems: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

const byStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  414: 'not_found',
  415: 'unsupported_media_type',
  503: 'unavailable',
};

/**
 * Turns whatever was thrown into a problem. Only a {@link ProblemError} chooses its own words; everything else gets
 * the title of its code, because the message of a stranger's error may carry what nobody outside should read.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) {
    return error.code === 'not_found' ? problemOf('not_found') : problemOf(error.code, error.detail, [...error.errors]);
  }
  if (isOutage(error)) return problemOf('unavailable');
  return problemOf(codeOf(error));
}

function codeOf(error: unknown): ProblemCode {
  const origin = error instanceof HttpException && error.cause !== undefined ? error.cause : error;
  const code = propertyOf(origin, 'code');
  const known = typeof code === 'string' ? fastifyProblems[code] : undefined;
  if (known !== undefined) return known;
  const status = error instanceof HttpException ? error.getStatus() : propertyOf(error, 'statusCode');
  if (typeof status !== 'number') return 'internal';
  return byStatus[status] ?? (status >= 400 && status < 500 ? 'invalid_request' : 'internal');
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
