import { Inject, Injectable } from '@nestjs/common';
import { type Id, type MemberAnswer, type PageQuery, ProblemError, type Role, scopesOfRole } from '@tenon/contracts';
import type { Database, Member, TenantTransaction } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { assertHolds } from '../auth/held-scopes.js';
import { mapPage } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { checkPreconditions, type Preconditions } from '../http/preconditions.js';
import { DATABASE } from '../platform/tokens.js';

@Injectable()
export class MembersService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async list(caller: TenantCaller, query: PageQuery) {
    const page = await this.database.withTenant(caller.tenantId, (tx) => tx.members.list(query));
    return mapPage(page, toAnswer);
  }

  get(caller: TenantCaller, userId: Id<'user'>): Promise<MemberAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const member = await tx.members.find(userId);
      if (member === null) throw noSuchMember();
      return toAnswer(member);
    });
  }

  /** Nobody makes somebody else more than they are themselves, nor anything of somebody who is more. */
  setRole(caller: TenantCaller, userId: Id<'user'>, role: Role, conditions: Preconditions): Promise<MemberAnswer> {
    assertHolds(caller, scopesOfRole(role));
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const member = await findForChange(tx, caller, userId, { staysOwner: role === 'owner', conditions });
      if (member.role === role) return toAnswer(member);
      await tx.members.setRole(userId, role);
      const details = { before: { role: member.role }, after: { role } };
      await tx.audit.append(auditOf(caller, 'member.role_changed', userId, details));
      return toAnswer({ ...member, role });
    });
  }

  async remove(caller: TenantCaller, userId: Id<'user'>, conditions: Preconditions): Promise<void> {
    await this.database.withTenant(caller.tenantId, async (tx) => {
      const { email, role } = await findForChange(tx, caller, userId, { staysOwner: false, conditions });
      await tx.members.remove(userId);
      await tx.audit.append(auditOf(caller, 'member.removed', userId, { before: { email, role } }));
    });
  }
}

/**
 * The member, once nobody else can change who the owners are: of two owners that remove each other, one stays. An
 * operator may leave a tenant without an owner, and can invite the next one.
 */
async function findForChange(
  tx: TenantTransaction,
  caller: TenantCaller,
  userId: Id<'user'>,
  { staysOwner, conditions }: { readonly staysOwner: boolean; readonly conditions: Preconditions },
): Promise<Member> {
  const owners = await tx.members.lockOwners();
  const resource = `member:${userId}`;
  await tx.lock(resource);
  const member = await tx.members.find(userId);
  if (member === null) throw noSuchMember();
  await checkPreconditions(tx, resource, conditions, async () => toAnswer(member));
  assertHolds(caller, scopesOfRole(member.role));
  if (member.role === 'owner' && !staysOwner && owners === 1 && caller.kind !== 'operator') {
    throw new ProblemError('last_owner', 'This is the only owner; make somebody else an owner first.');
  }
  return member;
}

function noSuchMember(): ProblemError {
  return new ProblemError('not_found', 'There is no such member.');
}

function toAnswer({ since, ...member }: Member): MemberAnswer {
  return { ...member, since: since.toISOString() };
}
