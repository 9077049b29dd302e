import { Inject, Injectable } from '@nestjs/common';
import {
  type ApiKeyAnswer,
  type CreatedKeyAnswer,
  type CreateKeyBody,
  type Id,
  mintApiKey,
  type PageQuery,
  ProblemError,
  type Scope,
} from '@tenon/contracts';
import type { ApiKey, Database } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage, timeOrNull } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';

/** A tenant's keys: shown once when made, kept as a hash. */
@Injectable()
export class KeysService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Nobody grants a scope that they do not hold. */
  create(caller: TenantCaller, { name, scopes, expiresAt }: CreateKeyBody): Promise<CreatedKeyAnswer> {
    assertHolds(caller, scopes);
    const expires = expiresAt === undefined ? undefined : futureTime(expiresAt);
    const minted = mintApiKey('tenant');
    const wanted = { name, scopes: [...new Set(scopes)], prefix: minted.prefix, hash: minted.hash, expiresAt: expires };
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const key = await tx.keys.create(wanted);
      const details = { name, scopes: wanted.scopes, expiresAt: expires?.toISOString() };
      await tx.audit.append(auditOf(caller, 'key.created', key.id, details));
      return { ...toAnswer(key), key: minted.key };
    });
  }

  async list(caller: TenantCaller, query: PageQuery) {
    return mapPage(await this.database.withTenant(caller.tenantId, (tx) => tx.keys.list(query)), toAnswer);
  }

  /** Revoking a revoked key changes nothing. */
  async revoke(caller: TenantCaller, id: Id<'key'>): Promise<void> {
    await this.database.withTenant(caller.tenantId, async (tx) => {
      if ((await tx.keys.find(id)) === null) throw new ProblemError('not_found', 'There is no such key.');
      if (await tx.keys.revoke(id)) await tx.audit.append(auditOf(caller, 'key.revoked', id));
    });
  }
}

function assertHolds(caller: TenantCaller, wanted: readonly Scope[]): void {
  const missing = wanted.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length === 0) return;
  throw new ProblemError('insufficient_scope', `A key cannot grant what it does not hold: ${missing.join(', ')}.`);
}

function futureTime(text: string): Date {
  const time = new Date(text);
  if (time.getTime() > Date.now()) return time;
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: '/body/expiresAt', message: 'expected a time in the future' },
  ]);
}

function toAnswer(key: ApiKey): ApiKeyAnswer {
  return {
    id: key.id,
    tenantId: key.tenantId,
    name: key.name,
    prefix: key.prefix,
    scopes: [...key.scopes],
    createdAt: key.createdAt.toISOString(),
    expiresAt: timeOrNull(key.expiresAt),
    revokedAt: timeOrNull(key.revokedAt),
    lastUsedAt: timeOrNull(key.lastUsedAt),
    createdBy: key.createdBy,
    rotatedTo: key.rotatedTo,
  };
}
