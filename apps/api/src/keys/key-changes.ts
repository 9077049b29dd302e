import {
  type ApiKeyKind,
  type CreatedKeyAnswer,
  type Id,
  mintApiKey,
  ProblemError,
  type Scope,
} from '@tenon/contracts';
import type { ApiKey, OperatorTransaction } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { assertHolds } from '../auth/held-scopes.js';
import { timeOrNull } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { toKeyAnswer } from './key-answer.js';

/** A transaction that sees the keys in question: a tenant's, or the operators'. */
type KeyTransaction = Pick<OperatorTransaction, 'keys' | 'audit'>;

export interface WantedKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt?: string | undefined;
}

/**
 * A new key. Nobody grants a scope that they do not hold.
 *
 * @throws ProblemError `insufficient_scope`, `invalid_request`
 */
export async function createKey(
  tx: KeyTransaction,
  caller: Caller,
  kind: ApiKeyKind,
  { name, scopes, expiresAt }: WantedKey,
): Promise<CreatedKeyAnswer> {
  assertHolds(caller, scopes);
  const expires = expiresAt === undefined ? null : futureTime(expiresAt);
  const { created, key } = await mint(tx, caller, kind, { name, scopes, expiresAt: expires });
  const details = { name, scopes: [...created.scopes], expiresAt: timeOrNull(expires) };
  await tx.audit.append(auditOf(caller, 'key.created', created.id, details));
  return { ...toKeyAnswer(created), key };
}

/**
 * A key like the old one, which ends after the overlap. It grants what the old one does, so the caller must hold that.
 *
 * @throws ProblemError `not_found`, `insufficient_scope`, or `key_ended` for a key that has ended or was rotated before
 */
export async function rotateKey(
  tx: KeyTransaction,
  caller: Caller,
  kind: ApiKeyKind,
  id: Id<'key'>,
  overlapSeconds: number,
): Promise<CreatedKeyAnswer> {
  const old = await tx.keys.find(id);
  if (old === null) throw noSuchKey();
  assertHolds(caller, old.scopes);
  const { created, key } = await mint(tx, caller, kind, old);
  const endsMs = Math.min(old.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY, Date.now() + overlapSeconds * 1_000);
  if (!(await tx.keys.retire(id, created.id, new Date(endsMs)))) {
    throw new ProblemError('key_ended', 'The key was revoked, has expired or was rotated before.');
  }
  const details = {
    before: { expiresAt: timeOrNull(old.expiresAt) },
    after: { expiresAt: new Date(endsMs).toISOString() },
    successor: created.id,
  };
  await tx.audit.append(auditOf(caller, 'key.rotated', id, details));
  return { ...toKeyAnswer(created), key };
}

/** Revoking a revoked key changes nothing. @throws ProblemError `not_found` */
export async function revokeKey(tx: KeyTransaction, caller: Caller, id: Id<'key'>): Promise<void> {
  if ((await tx.keys.find(id)) === null) throw noSuchKey();
  if (await tx.keys.revoke(id)) await tx.audit.append(auditOf(caller, 'key.revoked', id));
}

async function mint(
  tx: KeyTransaction,
  caller: Caller,
  kind: ApiKeyKind,
  { name, scopes, expiresAt }: Pick<ApiKey, 'name' | 'scopes' | 'expiresAt'>,
): Promise<{ created: ApiKey; key: string }> {
  const { key, hash, prefix } = mintApiKey(kind);
  const terms = { name, scopes: [...new Set(scopes)], expiresAt: expiresAt ?? undefined };
  return { created: await tx.keys.create({ ...terms, prefix, hash, createdBy: caller.actor }), key };
}

function noSuchKey(): ProblemError {
  return new ProblemError('not_found', 'There is no such key.');
}

function futureTime(text: string): Date {
  const time = new Date(text);
  if (time.getTime() > Date.now()) return time;
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: '/body/expiresAt', message: 'expected a time in the future' },
  ]);
}
