import type { SessionAnswer } from '@tenon/contracts';
import type { FastifyReply } from 'fastify';
import type { OpenedSession } from '../auth/session-opener.js';

/** Gives the browser the session's cookie. */
export async function answerWithSession(reply: FastifyReply, opening: Promise<OpenedSession>): Promise<SessionAnswer> {
  const { cookie, answer } = await opening;
  reply.header('set-cookie', cookie);
  return answer;
}
