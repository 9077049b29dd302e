import type { AppendOptions } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import { lockResource, type PrismaTransaction, sqlRunnerOf } from './connection/prisma.js';
import { AuditRepository } from './repositories/audit.repository.js';
import { DeploymentsRepository } from './repositories/deployments.repository.js';
import { ExtensionPointsReader } from './repositories/extension-points.repository.js';
import { FunctionsRepository } from './repositories/functions.repository.js';
import { InvitationsRepository } from './repositories/invitations.repository.js';
import { KeysRepository } from './repositories/keys.repository.js';
import { MembersRepository } from './repositories/members.repository.js';
import { OwnTenantRepository } from './repositories/own-tenant.repository.js';
import { SettingsRepository } from './repositories/settings.repository.js';
import { VersionsRepository } from './repositories/versions.repository.js';
import { WebhookSourcesRepository } from './repositories/webhook-sources.repository.js';

/** What can be done for one tenant in one transaction. There is no way to ask without naming the tenant first. */
export interface TenantTransaction {
  readonly tenantId: Id<'tenant'>;
  readonly tenant: OwnTenantRepository;
  readonly keys: KeysRepository;
  readonly members: MembersRepository;
  readonly invitations: InvitationsRepository;
  readonly extensionPoints: ExtensionPointsReader;
  readonly functions: FunctionsRepository;
  readonly versions: VersionsRepository;
  readonly settings: SettingsRepository;
  readonly deployments: DeploymentsRepository;
  readonly webhookSources: WebhookSourcesRepository;
  readonly audit: AuditRepository;
  /** Waits until nobody else changes what `resource` names, and keeps others out until the transaction ends. */
  lock(resource: string): Promise<void>;
}

export function tenantTransaction(
  prisma: PrismaTransaction,
  tenantId: Id<'tenant'>,
  audit: AppendOptions,
): TenantTransaction {
  return {
    tenantId,
    tenant: new OwnTenantRepository(prisma, tenantId),
    keys: new KeysRepository(prisma, tenantId),
    members: new MembersRepository(prisma, tenantId),
    invitations: new InvitationsRepository(prisma, tenantId),
    extensionPoints: new ExtensionPointsReader(prisma),
    functions: new FunctionsRepository(prisma, tenantId),
    versions: new VersionsRepository(prisma, tenantId),
    settings: new SettingsRepository(prisma, tenantId),
    deployments: new DeploymentsRepository(prisma, tenantId),
    webhookSources: new WebhookSourcesRepository(prisma, tenantId),
    audit: new AuditRepository(sqlRunnerOf(prisma), tenantId, audit),
    lock: (resource) => lockResource(prisma, `${tenantId}:${resource}`),
  };
}
