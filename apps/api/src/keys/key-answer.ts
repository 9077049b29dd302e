import type { ApiKeyAnswer } from '@tenon/contracts';
import type { ApiKey } from '@tenon/database';
import { timeOrNull } from '../http/answer-parts.js';

/** A key as anybody but its owner sees it. */
export function toKeyAnswer(key: ApiKey): ApiKeyAnswer {
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
