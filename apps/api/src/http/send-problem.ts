import type { Problem } from '@tenon/contracts';
import type { FastifyReply } from 'fastify';

/** How long a client should wait before it tries again where a part of Tenon is away or full, in seconds. */
const retryAfterS = 1;

/** Answers with a problem and the headers that belong to its status. */
export function sendProblem(reply: FastifyReply, problem: Problem): void {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  const comesAgain = problem.status === 429 || problem.status === 503 || problem.code === 'idempotency_in_progress';
  if (comesAgain && !reply.hasHeader('retry-after')) reply.header('retry-after', String(retryAfterS));
  reply.code(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
}
