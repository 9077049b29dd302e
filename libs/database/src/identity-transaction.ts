import { type AppendOptions, operatorChain } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import { type PrismaTransaction, sqlRunnerOf } from './connection/prisma.js';
import { AuditRepository } from './repositories/audit.repository.js';
import { InvitationTokensRepository } from './repositories/invitations.repository.js';
import { LoginThrottlesRepository } from './repositories/login-throttles.repository.js';
import { SessionsRepository } from './repositories/sessions.repository.js';
import { UsersRepository } from './repositories/users.repository.js';

/** What signing people in needs, before a tenant is known. No tenant's data is among it. */
export interface IdentityTransaction {
  readonly users: UsersRepository;
  readonly sessions: SessionsRepository;
  readonly invitations: InvitationTokensRepository;
  readonly throttles: LoginThrottlesRepository;
  /** The operators' chain. */
  readonly audit: AuditRepository;
  /** The chain of a tenant that somebody joins. */
  auditOf(tenantId: Id<'tenant'>): Promise<AuditRepository>;
}

export function identityTransaction(prisma: PrismaTransaction, audit: AppendOptions): IdentityTransaction {
  return {
    users: new UsersRepository(prisma),
    sessions: new SessionsRepository(prisma),
    invitations: new InvitationTokensRepository(prisma),
    throttles: new LoginThrottlesRepository(prisma),
    audit: new AuditRepository(sqlRunnerOf(prisma), operatorChain, audit),
    auditOf: async (tenantId) => {
      await prisma.$queryRaw`SELECT set_config('app.tenant_id', ${tenantId}, true)`;
      return new AuditRepository(sqlRunnerOf(prisma), tenantId, audit);
    },
  };
}
