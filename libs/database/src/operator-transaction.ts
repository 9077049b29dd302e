import { type AppendOptions, operatorChain } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import { lockResource, type PrismaTransaction, sqlRunnerOf } from './connection/prisma.js';
import { AuditRepository } from './repositories/audit.repository.js';
import { DeliveriesRepository } from './repositories/deliveries.repository.js';
import { DeliveryEndpointsRepository } from './repositories/delivery-endpoints.repository.js';
import { ExtensionPointsRepository } from './repositories/extension-points.repository.js';
import { InvitationsRepository } from './repositories/invitations.repository.js';
import { KeysRepository } from './repositories/keys.repository.js';
import { OperatorsRepository } from './repositories/operators.repository.js';
import { PlansRepository } from './repositories/plans.repository.js';
import { TenantsRepository } from './repositories/tenants.repository.js';

/** What an operator can do in one transaction. No tenant's data is among it. */
export interface OperatorTransaction {
  readonly tenants: TenantsRepository;
  readonly plans: PlansRepository;
  readonly extensionPoints: ExtensionPointsRepository;
  /** The operators' own keys. */
  readonly keys: KeysRepository;
  readonly operators: OperatorsRepository;
  /** Invitations that make operators. */
  readonly invitations: InvitationsRepository;
  readonly deliveryEndpoints: DeliveryEndpointsRepository;
  /** Of all tenants: where they stand, not what is in them. */
  readonly deliveries: DeliveriesRepository;
  /** The keys of one tenant. */
  keysOf(tenantId: Id<'tenant'>): KeysRepository;
  /** The operator's chain. */
  readonly audit: AuditRepository;
  /** Waits until nobody else changes what `resource` names, and keeps others out until the transaction ends. */
  lock(resource: string): Promise<void>;
}

export function operatorTransaction(prisma: PrismaTransaction, audit: AppendOptions): OperatorTransaction {
  return {
    tenants: new TenantsRepository(prisma),
    plans: new PlansRepository(prisma),
    extensionPoints: new ExtensionPointsRepository(prisma),
    keys: new KeysRepository(prisma, null),
    operators: new OperatorsRepository(prisma),
    invitations: new InvitationsRepository(prisma, null),
    deliveryEndpoints: new DeliveryEndpointsRepository(prisma),
    deliveries: new DeliveriesRepository(sqlRunnerOf(prisma)),
    keysOf: (tenantId) => new KeysRepository(prisma, tenantId),
    audit: new AuditRepository(sqlRunnerOf(prisma), operatorChain, audit),
    lock: (resource) => lockResource(prisma, `operator:${resource}`),
  };
}
