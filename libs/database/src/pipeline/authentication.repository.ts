import type { Id, Role, Scope } from '@tenon/contracts';
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

/** Who a session belongs to, and where they belong. */
export interface SignedIn {
  readonly sessionId: Id<'session'>;
  readonly userId: Id<'user'>;
  readonly email: string;
  readonly name: string;
  /** Operators act for every tenant. */
  readonly operator: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly memberships: readonly {
    readonly tenantId: Id<'tenant'>;
    readonly tenantName: string;
    readonly tenantStatus: TenantStatus;
    readonly role: Role;
  }[];
}

const keyByHash = `
  SELECT id, tenant_id AS "tenantId", tenant_status AS "tenantStatus", scopes, expires_at AS "expiresAt",
         revoked_at AS "revokedAt" FROM authenticate_key($1)`;

const sourceById = `
  SELECT id, tenant_id AS "tenantId", tenant_status AS "tenantStatus", name, scheme, mapping, secrets
    FROM webhook_source_by_id($1)`;

const sessionByHash = `
  SELECT id AS "sessionId", user_id AS "userId", email, name, operator, created_at AS "createdAt",
         expires_at AS "expiresAt", memberships FROM authenticate_session($1, $2)`;

/** The questions that are asked before anybody knows the tenant; each answers for one exact secret. */
export class AuthenticationRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** @param hash SHA-256 of the key. Notes the use of a key that still works, at most once a minute. */
  async keyByHash(hash: Uint8Array): Promise<AuthenticatedKey | null> {
    return (await this.pool.query<AuthenticatedKey>(keyByHash, [Buffer.from(hash)])).rows[0] ?? null;
  }

  /**
   * @param hash SHA-256 of the cookie's token. Notes the use of a session that is live, at most once a minute.
   * @returns null for a session that is unknown, revoked, expired, or was idle for longer than `idleS` seconds.
   */
  async sessionByHash(hash: Uint8Array, idleS: number): Promise<SignedIn | null> {
    return (await this.pool.query<SignedIn>(sessionByHash, [Buffer.from(hash), idleS])).rows[0] ?? null;
  }

  async webhookSource(id: Id<'webhookSource'>): Promise<ReceivingSource | null> {
    return (await this.pool.query<ReceivingSource>(sourceById, [id])).rows[0] ?? null;
  }
}
