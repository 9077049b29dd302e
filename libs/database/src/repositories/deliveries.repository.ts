import type { SqlRunner } from '@tenon/audit';
import { type Id, newId, type Outcome } from '@tenon/contracts';
import { type Page, type PageRequest, pageOf } from '../page.js';

export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

/** One result on its way to one endpoint. */
export interface Delivery {
  readonly id: Id<'delivery'>;
  readonly endpointId: Id<'deliveryEndpoint'>;
  readonly kind: 'execution' | 'ping';
  readonly tenantId: Id<'tenant'> | null;
  readonly executionId: Id<'execution'> | null;
  readonly extensionPoint: string | null;
  readonly eventType: string | null;
  readonly outcome: Outcome | null;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** One try to deliver, and what came of it. */
export interface DeliveryAttempt {
  readonly attempt: number;
  readonly at: Date;
  readonly durationMs: number;
  /** Null where there was no answer. */
  readonly statusCode: number | null;
  /** Why there was none. */
  readonly error: string | null;
  /** The address that was connected to. */
  readonly address: string | null;
  /** The beginning of the answer. */
  readonly body: string;
}

/** Which deliveries are wanted; what is absent does not narrow. */
export interface DeliveryFilter {
  readonly endpointId?: Id<'deliveryEndpoint'> | undefined;
  readonly tenantId?: Id<'tenant'> | undefined;
  readonly status?: DeliveryStatus | undefined;
  /** Created not before this time. */
  readonly from?: Date | undefined;
  /** Created before this time. */
  readonly to?: Date | undefined;
}

const columns = `id, endpoint_id AS "endpointId", kind, tenant_id AS "tenantId", execution_id AS "executionId",
  extension_point AS "extensionPoint", event_type AS "eventType", outcome, status, attempts,
  next_attempt_at AS "nextAttemptAt", created_at AS "createdAt", finished_at AS "finishedAt"`;

const matching = `
  ($1::text IS NULL OR endpoint_id = $1) AND ($2::text IS NULL OR tenant_id = $2)
  AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR created_at >= $4::text::timestamptz)
  AND ($5::text IS NULL OR created_at < $5::text::timestamptz)`;

// Sent again, a delivery goes behind all others of its key, for those that came after it may have gone out; several keep
// their order among themselves.
const again = `
  UPDATE deliveries
    SET status = 'pending', attempts = 0, next_attempt_at = now(), lease_until = NULL, finished_at = NULL,
        "transaction" = (pg_current_xact_id()::text)::bigint`;

/** Deliveries of all tenants, as the operator sees them: where they stand, not what is in them. */
export class DeliveriesRepository {
  constructor(private readonly sql: SqlRunner) {}

  /** Newest run first. */
  async list(page: PageRequest & DeliveryFilter): Promise<Page<Delivery>> {
    const text = `SELECT ${columns} FROM deliveries WHERE ${matching} AND ($6::text IS NULL OR id < $6)
      ORDER BY id DESC LIMIT $7::int`;
    const rows = await this.sql.query(text, [...valuesOf(page), page.cursor ?? null, page.limit + 1]);
    return pageOf(rows.map(toDelivery), page.limit, (delivery) => delivery.id);
  }

  async find(id: Id<'delivery'>): Promise<Delivery | null> {
    const [row] = await this.sql.query(`SELECT ${columns} FROM deliveries WHERE id = $1`, [id]);
    return row === undefined ? null : toDelivery(row);
  }

  /** The last fifty, oldest first. */
  async attemptsOf(id: Id<'delivery'>): Promise<readonly DeliveryAttempt[]> {
    const text = `SELECT * FROM (
      SELECT attempt, at, duration_ms AS "durationMs", status_code AS "statusCode", error, address, body
        FROM delivery_attempts WHERE delivery_id = $1 ORDER BY at DESC, attempt DESC LIMIT 50) AS newest
      ORDER BY at, attempt`;
    return (await this.sql.query(text, [id])) as unknown as readonly DeliveryAttempt[];
  }

  /** A message that only shows that an endpoint is reached. */
  async ping(endpointId: Id<'deliveryEndpoint'>): Promise<Delivery> {
    const text = `INSERT INTO deliveries (id, endpoint_id, kind) VALUES ($1, $2, 'ping') RETURNING ${columns}`;
    const [row] = await this.sql.query(text, [newId('delivery'), endpointId]);
    if (row === undefined) throw new Error('the delivery was not inserted');
    return toDelivery(row);
  }

  /** Sends a finished delivery again. @returns null when it is not finished, or not there. */
  async resend(id: Id<'delivery'>): Promise<Delivery | null> {
    const text = `${again} WHERE id = $1 AND status <> 'pending' RETURNING ${columns}`;
    const [row] = await this.sql.query(text, [id]);
    return row === undefined ? null : toDelivery(row);
  }

  /** Sends finished deliveries again, those of the oldest runs first, at most `limit` behind `after`. @returns which. */
  async resendAll(
    filter: DeliveryFilter,
    limit: number,
    after: Id<'delivery'> | '' = '',
  ): Promise<readonly Id<'delivery'>[]> {
    const chosen = `SELECT id FROM deliveries WHERE ${matching} AND status <> 'pending' AND id > $7
      ORDER BY id LIMIT $6::int`;
    const text = `${again} WHERE id = ANY(ARRAY(${chosen})) AND status <> 'pending' RETURNING id`;
    const rows = await this.sql.query(text, [...valuesOf(filter), limit, after]);
    return rows.map(({ id }) => id as Id<'delivery'>).toSorted();
  }
}

function valuesOf({ endpointId, tenantId, status, from, to }: DeliveryFilter): (string | null)[] {
  return [endpointId, tenantId, status, from?.toISOString(), to?.toISOString()].map((value) => value ?? null);
}

const toDelivery = (row: Record<string, unknown>) => row as unknown as Delivery;
