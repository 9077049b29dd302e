import type { Id, Outcome } from '@tenon/contracts';
import type pg from 'pg';
import { inTransaction } from '../connection/transaction.js';
import type { DeliveryOrdering } from '../repositories/delivery-endpoints.repository.js';
import { storableText } from './storable.js';

/** An endpoint that something may be sent to. */
export interface CourierEndpoint {
  readonly id: Id<'deliveryEndpoint'>;
  readonly url: string;
  readonly ordering: DeliveryOrdering;
  /** Sealed. */
  readonly secrets: readonly Uint8Array[];
  /** Attempts in a row that failed. */
  readonly failures: number;
}

/** A delivery that nobody else sends until its lease ends. */
export interface ClaimedDelivery {
  readonly id: Id<'delivery'>;
  readonly endpointId: Id<'deliveryEndpoint'>;
  readonly kind: 'execution' | 'ping';
  readonly tenantId: Id<'tenant'> | null;
  readonly executionId: Id<'execution'> | null;
  readonly eventType: string | null;
  readonly outcome: Outcome | null;
  /** This one included. */
  readonly attempts: number;
  readonly createdAt: Date;
}

/** What came of an attempt. */
export interface AttemptRecord {
  readonly delivery: ClaimedDelivery;
  readonly at: Date;
  readonly durationMs: number;
  readonly statusCode: number | null;
  readonly error: string | null;
  readonly address: string | null;
  readonly body: string;
  readonly status: 'pending' | 'delivered' | 'failed';
  /** For `pending`: when to try again. */
  readonly nextAttemptAt?: Date | undefined;
  /** Absent where the attempt says nothing about the endpoint, because nothing was sent. */
  readonly endpoint?: EndpointNews | undefined;
}

/** What an attempt says about its endpoint. */
export interface EndpointNews {
  readonly works: boolean;
  /** Until when nothing is sent, given how many attempts in a row have failed now; null: go on. */
  readonly openUntil: (failures: number) => Date | null;
  /** Why it gets nothing any more. */
  readonly disabledFor?: string | undefined;
}

export interface ClaimOptions {
  readonly now: Date;
  readonly leaseMs: number;
  readonly limit: number;
  /** Of an endpoint with an order: look at keys after this one. */
  readonly afterKey?: string | undefined;
}

/** Keys of one endpoint that one claim looks at. */
export const lanesPerClaim = 500;

const endpoints = `
  SELECT id, url, ordering, secrets, failures FROM delivery_endpoints
    WHERE status = 'active' AND (open_until IS NULL OR open_until <= $1) ORDER BY id`;

const lease = `
  UPDATE deliveries AS d SET attempts = d.attempts + 1, lease_until = $1::timestamptz + make_interval(secs => $2 / 1000.0)
    WHERE d.id = ANY(ARRAY(SELECT id FROM due))
    RETURNING d.id, d.endpoint_id AS "endpointId", d.kind, d.tenant_id AS "tenantId", d.execution_id AS "executionId",
              d.event_type AS "eventType", d.outcome, d.attempts, d.created_at AS "createdAt", d.order_key AS "orderKey",
              d."transaction", d.place`;

const claimAny = `
  WITH due AS (
    SELECT id FROM deliveries
      WHERE endpoint_id = $3 AND status = 'pending' AND order_key IS NULL AND next_attempt_at <= $1
        AND (lease_until IS NULL OR lease_until <= $1)
      ORDER BY next_attempt_at, place LIMIT $4 FOR UPDATE SKIP LOCKED
  ) ${lease}`;

// The keys with something to send are walked over in the index, one look-up each, however much waits behind. Only the
// first of a key may go, and only once no transaction is left that could still put something before it; a minute later
// at the latest, for places that were taken before the database was restored say nothing.
const claimInOrder = `
  WITH RECURSIVE lanes AS (
    (SELECT order_key FROM deliveries
       WHERE endpoint_id = $3 AND status = 'pending' AND order_key IS NOT NULL AND order_key > $5
       ORDER BY order_key LIMIT 1)
    UNION ALL
    SELECT (SELECT d.order_key FROM deliveries AS d
              WHERE d.endpoint_id = $3 AND d.status = 'pending' AND d.order_key IS NOT NULL AND d.order_key > l.order_key
              ORDER BY d.order_key LIMIT 1)
      FROM lanes AS l WHERE l.order_key IS NOT NULL
  ), looked_at AS MATERIALIZED (
    SELECT order_key FROM lanes WHERE order_key IS NOT NULL LIMIT ${lanesPerClaim}
  ), heads AS MATERIALIZED (
    SELECT head.id FROM looked_at AS l CROSS JOIN LATERAL (
      SELECT d.id, d.next_attempt_at, d.lease_until, d."transaction", d.created_at FROM deliveries AS d
        WHERE d.endpoint_id = $3 AND d.status = 'pending' AND d.order_key = l.order_key
        ORDER BY d."transaction", d.place LIMIT 1
    ) AS head
    WHERE head.next_attempt_at <= $1 AND (head.lease_until IS NULL OR head.lease_until <= $1)
      AND (head."transaction" < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
           OR head.created_at < now() - interval '1 minute')
    ORDER BY head."transaction" LIMIT $4
  ), due AS (
    SELECT d.id FROM deliveries AS d
      WHERE d.id = ANY(ARRAY(SELECT id FROM heads)) AND d.status = 'pending' AND d.next_attempt_at <= $1
        AND (d.lease_until IS NULL OR d.lease_until <= $1)
      FOR UPDATE SKIP LOCKED
  ) , leased AS (${lease})
  SELECT leased.*, (SELECT max(order_key) FROM looked_at) AS "lastKey",
         (SELECT count(*) FROM looked_at) AS "lanes" FROM (SELECT 1) AS one LEFT JOIN leased ON true`;

const recordAttempt = `
  INSERT INTO delivery_attempts (delivery_id, attempt, tenant_id, at, duration_ms, status_code, error, address, body)
    SELECT $1, coalesce(max(attempt), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM delivery_attempts WHERE delivery_id = $1`;

const settle = `
  UPDATE deliveries SET status = $2, next_attempt_at = coalesce($3, next_attempt_at), lease_until = NULL,
      finished_at = CASE WHEN $2 = 'pending' THEN NULL ELSE $4::timestamptz END
    WHERE id = $1 AND status = 'pending' AND ($2 = 'delivered' OR attempts = $5)`;

// Sixteen messages may be on their way when an endpoint begins to fail. Those that were begun before its circuit opened
// are one failure seen sixteen times, and no probes that would double the time until the next one.
const noteFailure = `
  UPDATE delivery_endpoints SET failures = failures + CASE WHEN open_until > $2 THEN 0 ELSE 1 END, updated_at = now()
    WHERE id = $1 RETURNING failures`;

const openCircuit = `UPDATE delivery_endpoints SET open_until = greatest(open_until, $2) WHERE id = $1`;

const noteWorks = `
  UPDATE delivery_endpoints SET failures = 0, open_until = NULL, updated_at = now()
    WHERE id = $1 AND (failures <> 0 OR open_until IS NOT NULL)`;

const disable = `
  UPDATE delivery_endpoints SET status = 'disabled', status_reason = $2, updated_at = now()
    WHERE id = $1 AND status = 'active'`;

const forget = `
  DELETE FROM deliveries WHERE id = ANY(ARRAY(
    SELECT id FROM deliveries WHERE finished_at < $1 ORDER BY finished_at LIMIT $2))`;

export interface Claim {
  readonly deliveries: readonly ClaimedDelivery[];
  /** Where the next claim of an endpoint with an order begins; absent when all keys were looked at. */
  readonly nextKey?: string;
}

/** Sends deliveries of all tenants; several couriers may work at once, and none gets another's. */
export class CourierRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Endpoints that are neither paused nor disabled nor behind an open circuit. */
  async openEndpoints(now: Date): Promise<readonly CourierEndpoint[]> {
    return (await this.pool.query<CourierEndpoint>(endpoints, [now])).rows;
  }

  /**
   * Takes what is due for one endpoint and counts the attempt. Whoever dies with it in hand loses nothing: it is due
   * again when the lease ends, with the same id. Of each key of an endpoint with an order only the first that is not
   * finished is ever taken, and nothing after it before it is.
   */
  async claim(endpoint: CourierEndpoint, { now, leaseMs, limit, afterKey = '' }: ClaimOptions): Promise<Claim> {
    const common = [now, leaseMs, endpoint.id, limit];
    // Deliveries from before an endpoint had an order, and pings, have no key.
    const loose = (await this.pool.query<ClaimedRow>(claimAny, common)).rows;
    const room = limit - loose.length;
    if (endpoint.ordering === 'none' && loose.length === limit) return { deliveries: loose.map(toClaimed) };
    const rows = (await this.pool.query<OrderedRow>(claimInOrder, [...common.slice(0, 3), room, afterKey])).rows;
    const [first] = rows;
    const deliveries = [...loose, ...rows.filter((row) => row.id !== null)].map(toClaimed);
    const isMore = first !== undefined && first.lanes === lanesPerClaim && first.lastKey !== null;
    return { deliveries, ...(isMore ? { nextKey: first.lastKey ?? '' } : {}) };
  }

  /** Keeps what came of an attempt, with what it says about the endpoint, in one transaction. */
  async record(record: AttemptRecord): Promise<void> {
    const { delivery, at, durationMs, statusCode, error, address, body, status, nextAttemptAt, endpoint } = record;
    const end = new Date(at.getTime() + durationMs);
    await inTransaction(this.pool, async (client) => {
      const said = [statusCode, error === null ? null : storableText(error), address, storableText(body)];
      await client.query(recordAttempt, [delivery.id, delivery.tenantId, at, durationMs, ...said]);
      await client.query(settle, [delivery.id, status, nextAttemptAt ?? null, end, delivery.attempts]);
      if (endpoint === undefined) return;
      if (endpoint.works) await client.query(noteWorks, [delivery.endpointId]);
      else await noteTrouble(client, delivery.endpointId, at, endpoint);
    });
  }

  /** Removes deliveries that were finished before `before`, with their attempts. @returns how many, at most `limit`. */
  async forget(before: Date, limit: number): Promise<number> {
    return (await this.pool.query(forget, [before, limit])).rowCount ?? 0;
  }
}

async function noteTrouble(client: pg.PoolClient, id: string, begunAt: Date, news: EndpointNews): Promise<void> {
  const [row] = (await client.query<{ failures: number }>(noteFailure, [id, begunAt])).rows;
  const openUntil = row === undefined ? null : news.openUntil(row.failures);
  if (openUntil !== null) await client.query(openCircuit, [id, openUntil]);
  if (news.disabledFor !== undefined) await client.query(disable, [id, news.disabledFor]);
}

type ClaimedRow = ClaimedDelivery & { readonly orderKey: string | null };

interface OrderedRow extends ClaimedRow {
  readonly lastKey: string | null;
  readonly lanes: number;
}

function toClaimed(row: ClaimedRow): ClaimedDelivery {
  const { id, endpointId, kind, tenantId, executionId, eventType, outcome, attempts, createdAt } = row;
  return { id, endpointId, kind, tenantId, executionId, eventType, outcome, attempts, createdAt };
}
