import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ProblemError } from '@tenon/contracts';
import type { FastifyRequest } from 'fastify';
import { entityTagOf, matchesStrongly, matchesWeakly, parseTagList, type TagList } from './entity-tag.js';

/** Under which condition a caller wants a change to happen; both absent: under any. */
export interface Preconditions {
  /** Only if the resource is still this one. */
  readonly ifMatch?: TagList | undefined;
  /** `*`: only if there is none yet. */
  readonly ifNoneMatch?: TagList | undefined;
}

/** Hands the conditions of a change to its handler. Say so in the document with `@ApiConditional()`. */
export const CurrentPreconditions = createParamDecorator((_data: unknown, context: ExecutionContext): Preconditions => {
  const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
  return {
    ifMatch: parseTagList('if-match', headers['if-match']),
    ifNoneMatch: parseTagList('if-none-match', headers['if-none-match']),
  };
});

/** The part of a transaction that puts writers of one resource in a row. */
interface Lockable {
  lock(resource: string): Promise<void>;
}

/**
 * Refuses a change whose conditions do not hold. Call it first in the transaction of every change of the resource, also
 * of one without conditions: it takes the lock that keeps two changes from both finding their condition fulfilled.
 *
 * @param resource what the lock is on, such as `plan:default`; for a tenant's transaction the tenant is part of it
 * @param read the resource as `GET` answers it now, or null where there is none
 * @returns what `read` gave: the state before, for the audit log
 * @throws ProblemError `precondition_failed`
 */
export async function checkPreconditions<Answer extends object>(
  tx: Lockable,
  resource: string,
  { ifMatch, ifNoneMatch }: Preconditions,
  read: () => Promise<Answer | null>,
): Promise<Answer | null> {
  await tx.lock(resource);
  const current = await read();
  const tag = current === null ? undefined : entityTagOf(current);
  if (ifMatch !== undefined && !matchesStrongly(ifMatch, tag)) {
    throw failed(current === null ? 'There is none to match.' : 'It was changed since it was read; read it again.');
  }
  if (ifNoneMatch !== undefined && matchesWeakly(ifNoneMatch, tag)) throw failed('It is there already.');
  return current;
}

function failed(detail: string): ProblemError {
  return new ProblemError('precondition_failed', detail);
}
