import { Inject, Injectable } from '@nestjs/common';
import { type Id, type PageQuery, ProblemError, type SessionSummaryAnswer } from '@tenon/contracts';
import type { Database, Session, SignedIn } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';

@Injectable()
export class SessionsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async list({ userId, sessionId }: SignedIn, query: PageQuery) {
    const page = await this.database.asIdentity((tx) => tx.sessions.list(userId, query));
    return mapPage(page, (session) => toAnswer(session, sessionId));
  }

  /** Somebody else's session is as unknown as one that is not there. */
  async revoke(caller: Caller, { userId }: SignedIn, id: Id<'session'>): Promise<void> {
    await this.database.asIdentity(async (tx) => {
      if (!(await tx.sessions.revoke(userId, id))) throw new ProblemError('not_found', 'There is no such session.');
      await tx.audit.append(auditOf(caller, 'session.revoked', id));
    });
  }
}

function toAnswer({ userId: _userId, ...session }: Session, currentId: Id<'session'>): SessionSummaryAnswer {
  return {
    ...session,
    current: session.id === currentId,
    createdAt: session.createdAt.toISOString(),
    lastSeenAt: session.lastSeenAt.toISOString(),
    expiresAt: session.expiresAt.toISOString(),
  };
}
