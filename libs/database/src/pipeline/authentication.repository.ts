import type { Id, Scope } from '@tenon/contracts';
import type pg from 'pg';
import type { TenantStatus } from '../repositories/tenants.repository.js';
import type { StoredMapping, WebhookScheme } from '../repositories/webhook-sources.repository.js';

/** Whose key it is and what it may do. */
export interface AuthenticatedKey {
  readonly id: Id<'key'>;
  /** Null for an operator's key. */
  readonly tenantId: Id<'tenant'> | null;
  readonly tenantStatus: TenantStatus | null;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  /** A revoked or expired key is found too, so that its use can be refused and audited. */
  readonly revokedAt: Date | null;
}

/** Where a webhook belongs, found by the id in its URL. */
export interface ReceivingSource {
  readonly id: Id<'webhookSource'>;
  readonly tenantId: Id<'tenant'>;
  readonly tenantStatus: TenantStatus;
  readonly name: string;
  readonly scheme: WebhookScheme;
  readonly mapping: StoredMapping;
  readonly secrets: readonly Uint8Array[];
}

const keyByHash = `
  SELECT id, tenant_id AS "tenantId", tenant_status AS "tenantStatus", scopes, expires_at AS "expiresAt",
         revoked_at AS "revokedAt" FROM authenticate_key($1)`;

const sourceById = `
  SELECT id, tenant_id AS "tenantId", tenant_status AS "tenantStatus", name, scheme, mapping, secrets
    FROM webhook_source_by_id($1)`;

/** The two questions that are asked before anybody knows the tenant; each answers for one exact secret. */
export class AuthenticationRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** @param hash SHA-256 of the key. Notes the use of a key that still works, at most once a minute. */
  async keyByHash(hash: Uint8Array): Promise<AuthenticatedKey | null> {
    return (await this.pool.query<AuthenticatedKey>(keyByHash, [Buffer.from(hash)])).rows[0] ?? null;
  }

  async webhookSource(id: Id<'webhookSource'>): Promise<ReceivingSource | null> {
    return (await this.pool.query<ReceivingSource>(sourceById, [id])).rows[0] ?? null;
  }
}
