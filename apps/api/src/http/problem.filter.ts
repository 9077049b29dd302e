import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type Problem, ProblemError } from '@tenon/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { allowedMethods } from './allowed-methods.js';
import { readableTypes } from './body-parsers.js';
import { RetryLaterError } from './retry-later.error.js';
import { sendProblem } from './send-problem.js';
import { problemOf, toProblem } from './to-problem.js';

/** Every refusal and every failure leaves through here, as problem+json; what is our fault is logged in full. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = explained(toProblem(error), request);
    if (problem.status >= 500 && !isOnPurpose(error)) request.log.error({ err: error }, 'request failed');
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const isUnknown = problem.code === 'method_not_allowed' || (problem.code === 'not_found' && request.is404);
    const methods = isUnknown ? allowedMethods(request) : [];
    if (methods.length > 0) {
      reply.header('allow', methods.join(', '));
      sendProblem(reply, problemOf('method_not_allowed'));
      return;
    }
    if (error instanceof RetryLaterError) reply.header('retry-after', String(error.retryAfterS));
    sendProblem(reply, problem);
  }
}

/** Refusals of Fastify's own say nothing; whoever sent the body should learn what it may be. */
function explained(problem: Problem, request: FastifyRequest): Problem {
  if (problem.detail !== undefined) return problem;
  if (problem.code === 'unsupported_media_type') return problemOf(problem.code, readableTypes(request));
  const { bodyLimit } = request.routeOptions;
  if (problem.code !== 'payload_too_large' || bodyLimit === undefined) return problem;
  return problemOf(problem.code, `The body may have ${bodyLimit} bytes at most.`);
}

/**
 * Whether it was refused for want of room or time, and nothing failed. The metrics count these; a line for each would
 * make an overload worse.
 */
function isOnPurpose(error: unknown): boolean {
  return error instanceof ProblemError && error.code !== 'internal' && error.cause === undefined;
}
