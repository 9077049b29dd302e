import { createHash } from 'node:crypto';
import { ProblemError } from '@tenon/contracts';
import type { IdempotencyScope } from '@tenon/database';

/** Plain, as most clients send it, or in double quotes, as the draft has it (a structured field string, RFC 9651). */
const plain = /^[!#-+\--~]{1,255}$/;
const quoted = /^"([ !#-[\]-~]{1,255})"$/;

/**
 * The key of an `Idempotency-Key` header; `abc` and `"abc"` are the same key.
 *
 * @throws ProblemError `invalid_request`
 */
export function parseIdempotencyKey(header: string): string {
  const text = header.trim();
  const key = quoted.exec(text)?.[1] ?? (plain.test(text) ? text : undefined);
  if (key !== undefined) return key;
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: '/header/idempotency-key', message: 'expected 1 to 255 visible characters, plain or in double quotes' },
  ]);
}

/** What the database knows a key by: keys of two callers, or for two tenants, never meet. */
export function hashOfKey({ tenantId, actor }: IdempotencyScope, key: string): Buffer {
  return sha256([tenantId ?? '', actor, key]);
}

/** What must be equal for two requests to be the same one, beside their bodies. */
export function hashOfRequest(method: string, url: string): Buffer {
  return sha256([method, url]);
}

function sha256(parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
