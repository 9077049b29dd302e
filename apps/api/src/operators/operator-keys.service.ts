import { Inject, Injectable } from '@nestjs/common';
import {
  type CreatedKeyAnswer,
  type CreateOperatorKeyBody,
  type Id,
  type PageQuery,
  type RotateKeyBody,
  scopes,
} from '@tenon/contracts';
import type { Database } from '@tenon/database';
import { mapPage } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { toKeyAnswer } from '../keys/key-answer.js';
import { createKey, revokeKey, rotateKey } from '../keys/key-changes.js';
import { DATABASE } from '../platform/tokens.js';

/** Keys that may do everything. Each is audited in the operators' chain. */
@Injectable()
export class OperatorKeysService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  create(caller: Caller, { name, expiresAt }: CreateOperatorKeyBody): Promise<CreatedKeyAnswer> {
    const wanted = { name, scopes, expiresAt };
    return this.database.asOperator((tx) => createKey(tx, caller, 'operator', wanted));
  }

  async list(query: PageQuery) {
    return mapPage(await this.database.asOperator((tx) => tx.keys.list(query)), toKeyAnswer);
  }

  rotate(caller: Caller, id: Id<'key'>, { overlapSeconds }: RotateKeyBody): Promise<CreatedKeyAnswer> {
    return this.database.asOperator((tx) => rotateKey(tx, caller, 'operator', id, overlapSeconds));
  }

  async revoke(caller: Caller, id: Id<'key'>): Promise<void> {
    await this.database.asOperator((tx) => revokeKey(tx, caller, id));
  }
}
