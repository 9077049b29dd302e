import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant, inTransaction } from '../connection/transaction.js';

/** Whose requests: a caller's, for one tenant or for none. */
export interface IdempotencyScope {
  readonly tenantId: Id<'tenant'> | null;
  readonly actor: string;
}

/** A request that wants to have its effect once. All hashes are SHA-256. */
export interface IdempotentRequest {
  /** Over tenant, caller and key. */
  readonly id: Buffer;
  /** Over method and address. */
  readonly request: Buffer;
  /** Over the body; null while it is not read yet. */
  readonly body: Buffer | null;
  /** A new UUID: who holds the row. */
  readonly claim: string;
  readonly leaseMs: number;
  readonly keptMs: number;
}

/** What is kept of an answer; `answer` is sealed, and null where it was too large to keep. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: Buffer | null;
}

/** An earlier request with the same key. */
export interface EarlierRequest {
  readonly request: Buffer;
  readonly body: Buffer | null;
  readonly claim: string;
  /** Absent while it is not over. */
  readonly kept?: KeptAnswer;
  /** Not over, changed something, and nobody works on it any more: what it would have answered is lost. */
  readonly lost: boolean;
}

const operatorBegin = 'BEGIN; SET LOCAL ROLE tenon_operator';

/** Requests that carried an Idempotency-Key, and what became of them. */
export class IdempotencyRepository {
  constructor(
    private readonly pool: pg.Pool,
    private readonly scheduler: pg.Pool,
  ) {}

  /**
   * Takes the key for this request, or tells which request has it. A request that ended without an answer and without
   * an effect is taken over, and so is one that is older than its time.
   */
  claim(scope: IdempotencyScope, wanted: IdempotentRequest): Promise<EarlierRequest | undefined> {
    return this.#in(scope, async (client) => {
      const { id, request, body, claim, leaseMs, keptMs } = wanted;
      const values = [id, scope.tenantId, scope.actor, request, body, claim, leaseMs, keptMs];
      if ((await client.query(claimSql, values)).rowCount === 1) return undefined;
      const { rows } = await client.query<Row>(earlierSql, [id]);
      // It went between the two statements: whoever tries again gets the key.
      return rows[0] === undefined ? { request, body, claim, lost: false } : toEarlier(rows[0]);
    });
  }

  /** Keeps the answer of the request that holds `claim`, and what its body was. */
  async complete(scope: IdempotencyScope, claim: string, kept: KeptAnswer, body: Buffer | null): Promise<void> {
    const { status, headers, answer } = kept;
    await this.#in(scope, (client) =>
      client.query(
        'UPDATE idempotency_keys SET status = $2, headers = $3, answer = $4, body = $5 WHERE claim = $1 AND status IS NULL',
        [claim, status, JSON.stringify(headers), answer, body],
      ),
    );
  }

  /** Lets the key go, so that it may be used again; unless something was changed in its name, which can't be repeated. */
  async release(scope: IdempotencyScope, claim: string): Promise<void> {
    await this.#in(scope, async (client) => {
      await client.query('DELETE FROM idempotency_keys WHERE claim = $1 AND status IS NULL AND NOT committed', [claim]);
      await client.query('UPDATE idempotency_keys SET lease_until = now() WHERE claim = $1 AND status IS NULL', [
        claim,
      ]);
    });
  }

  /** How many keys of the caller are kept. */
  async count(scope: IdempotencyScope): Promise<number> {
    const sql = 'SELECT count(*)::int AS keys FROM idempotency_keys WHERE actor = $1';
    const { rows } = await this.#in(scope, (client) => client.query<{ keys: number }>(sql, [scope.actor]));
    return rows[0]?.keys ?? 0;
  }

  /**
   * Removes keys whose time is over, at most `rowsMax`. Needs the use `scheduler`.
   *
   * @returns how many went
   */
  async forget(rowsMax: number): Promise<number> {
    const { rowCount } = await this.scheduler.query(
      `DELETE FROM idempotency_keys WHERE id IN
         (SELECT id FROM idempotency_keys WHERE expires_at < now() ORDER BY expires_at LIMIT $1)`,
      [rowsMax],
    );
    return rowCount ?? 0;
  }

  #in<Result>({ tenantId }: IdempotencyScope, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return tenantId === null ? inTransaction(this.pool, work, operatorBegin) : inTenant(this.pool, tenantId, work);
  }
}

const claimSql = `
  INSERT INTO idempotency_keys AS k (id, tenant_id, actor, request, body, claim, lease_until, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 millisecond', now() + $8 * interval '1 millisecond')
  ON CONFLICT (id) DO UPDATE SET request = excluded.request, body = excluded.body, claim = excluded.claim,
      lease_until = excluded.lease_until, committed = false, status = NULL, headers = NULL, answer = NULL,
      created_at = now(), expires_at = excluded.expires_at
    WHERE k.expires_at <= now()
       OR (k.status IS NULL AND NOT k.committed AND k.lease_until <= now() AND k.request = excluded.request
           AND (k.body IS NULL OR excluded.body IS NULL OR k.body = excluded.body))`;

const earlierSql = `
  SELECT request, body, claim, status, headers, answer,
         status IS NULL AND committed AND lease_until <= now() AS lost
    FROM idempotency_keys WHERE id = $1`;

interface Row {
  readonly request: Buffer;
  readonly body: Buffer | null;
  readonly claim: string;
  readonly status: number | null;
  readonly headers: Record<string, string> | null;
  readonly answer: Buffer | null;
  readonly lost: boolean;
}

function toEarlier({ request, body, claim, status, headers, answer, lost }: Row): EarlierRequest {
  const kept = status === null ? {} : { kept: { status, headers: headers ?? {}, answer } };
  return { request, body, claim, lost, ...kept };
}
