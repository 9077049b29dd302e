import { Inject, Injectable } from '@nestjs/common';
import type { AuditEntryAnswer, AuditQuery, Id, JsonValue } from '@tenon/contracts';
import type { AuditEntry, Database } from '@tenon/database';
import { mapPage } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';

@Injectable()
export class AuditService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async list(caller: TenantCaller, query: AuditQuery) {
    return mapPage(await this.database.withTenant(caller.tenantId, (tx) => tx.audit.list(query)), toAnswer);
  }
}

function toAnswer({ chain: _chain, ...entry }: AuditEntry): AuditEntryAnswer {
  return { ...entry, id: entry.id as Id<'audit'>, details: entry.details as Record<string, JsonValue> };
}
