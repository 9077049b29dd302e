import { Inject, Injectable } from '@nestjs/common';
import type { CreatedKeyAnswer, CreateKeyBody, Id, PageQuery, RotateKeyBody } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import { mapPage } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';
import { toKeyAnswer } from './key-answer.js';
import { createKey, revokeKey, rotateKey } from './key-changes.js';

/** A tenant's keys: shown once when made, kept as a hash. */
@Injectable()
export class KeysService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  create(caller: TenantCaller, body: CreateKeyBody): Promise<CreatedKeyAnswer> {
    return this.database.withTenant(caller.tenantId, (tx) => createKey(tx, caller, 'tenant', body));
  }

  async list(caller: TenantCaller, query: PageQuery) {
    return mapPage(await this.database.withTenant(caller.tenantId, (tx) => tx.keys.list(query)), toKeyAnswer);
  }

  rotate(caller: TenantCaller, id: Id<'key'>, { overlapSeconds }: RotateKeyBody): Promise<CreatedKeyAnswer> {
    const { tenantId } = caller;
    return this.database.withTenant(tenantId, (tx) => rotateKey(tx, caller, 'tenant', id, overlapSeconds));
  }

  async revoke(caller: TenantCaller, id: Id<'key'>): Promise<void> {
    await this.database.withTenant(caller.tenantId, (tx) => revokeKey(tx, caller, id));
  }
}
