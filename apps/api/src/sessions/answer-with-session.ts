import type { SessionAnswer } from '@tenon/contracts';
import type { FastifyReply } from 'fastify';
import type { OpenedSession } from '../auth/session-opener.js';
import { SignInBlockedError } from '../auth/sign-in-throttle.js';

/** Gives the browser the session's cookie; to whoever has to wait, the time after which it is worth another try. */
export async function answerWithSession(reply: FastifyReply, opening: Promise<OpenedSession>): Promise<SessionAnswer> {
  try {
    const { cookie, answer } = await opening;
    reply.header('set-cookie', cookie);
    return answer;
  } catch (error) {
    if (error instanceof SignInBlockedError) reply.header('retry-after', String(error.retryAfterS));
    throw error;
  }
}
