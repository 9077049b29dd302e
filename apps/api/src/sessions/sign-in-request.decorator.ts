import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { readSessionToken } from '../auth/cookies.js';
import type { SignInRequest } from '../auth/session-opener.js';
import { originOf } from '../http/caller.js';

/** Hands a handler that opens a session what it has to know of the request. */
export const CurrentSignIn = createParamDecorator((_data: unknown, context: ExecutionContext): SignInRequest => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return { requestId: request.id, from: originOf(request), formerToken: readSessionToken(request.headers.cookie) };
});
