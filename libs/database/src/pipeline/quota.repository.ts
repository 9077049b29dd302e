import { type HoldReason, holdReasons, type Id, type QuotaLimits, quotaLimitsSchema } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import type { ReadyEvent } from './event-work.repository.js';

/** A tenant's quotas, and what it used of those that run over a month. */
export interface TenantQuota {
  readonly plan: string;
  readonly limits: QuotaLimits;
  readonly executions: number;
  readonly instructions: number;
}

/** What a tenant's plan says about its share. */
export interface TenantLimits {
  readonly id: Id<'tenant'>;
  readonly limits: QuotaLimits;
}

interface TruthRow {
  readonly plan: string;
  readonly quotas: unknown;
  readonly executions: number;
  readonly instructions: number;
}

/**
 * Held events that can run in the present minute, those first that could run first. The order is that of an index, and
 * the limit stands inside: so a million that are for later are not looked at.
 */
const heldNow = (locking: string) => `
  SELECT first.id FROM (
    SELECT h.id, greatest(h.id, 'evt_' || public.ulid_time(h.not_before)) AS turn FROM event_work AS h
      WHERE h.status = 'held' AND h.tenant_id = $1 AND h.reason = ANY($2::text[])
      ORDER BY greatest(h.id, 'evt_' || public.ulid_time(h.not_before)) LIMIT $3 ${locking}
  ) AS first WHERE first.turn < 'evt_' || public.ulid_time(date_trunc('minute', now()) + interval '1 minute')`;

const releaseOldest = `
  UPDATE event_work AS w SET status = 'ready', reason = NULL, changed_at = now()
    WHERE w.id = ANY(ARRAY(${heldNow('FOR UPDATE SKIP LOCKED')})) AND w.tenant_id = $1
    RETURNING w.id, w.priority, w.not_before AS "notBefore"`;

const countHeld = `SELECT count(*)::integer AS held FROM (${heldNow('')}) AS held_ones`;

const storedBytes = `
  SELECT (SELECT coalesce(sum(bytes), 0) FROM (
            SELECT DISTINCT ON (sha256) bytes FROM versions WHERE tenant_id = $1 AND archived_at IS NULL) AS m)
       + (SELECT coalesce(sum(bytes), 0) FROM (
            SELECT DISTINCT ON (artifact_sha256) artifact_bytes AS bytes FROM versions
              WHERE tenant_id = $1 AND archived_at IS NULL AND artifact_sha256 IS NOT NULL) AS a) AS bytes`;

/** What quotas are counted from, and the way back of events that were held for one. */
export class QuotaRepository {
  constructor(private readonly pools: { readonly app: pg.Pool; readonly scheduler: pg.Pool }) {}

  /** Null when there is no such tenant. */
  async read(tenantId: Id<'tenant'>, monthStart: Date): Promise<TenantQuota | null> {
    const text = 'SELECT plan, quotas, executions, instructions FROM quota_truth($1, $2)';
    const { rows } = await this.pools.app.query<TruthRow>(text, [tenantId, monthStart]);
    const [row] = rows;
    if (row === undefined) return null;
    const { plan, quotas, executions, instructions } = row;
    return { plan, limits: quotaLimitsSchema.parse(quotas), executions, instructions };
  }

  /** Bytes of the tenant's modules and of what was built from them; the same bytes count once. */
  storedBytes(tenantId: Id<'tenant'>): Promise<number> {
    return inTenant(this.pools.app, tenantId, async (client) => {
      return Number((await client.query<{ bytes: string }>(storedBytes, [tenantId])).rows[0]?.bytes ?? 0);
    });
  }

  /** Events held for a quota that can run in the present minute, counted up to `limit`. */
  heldEvents(tenantId: Id<'tenant'>, limit: number, reasons: readonly HoldReason[] = holdReasons): Promise<number> {
    return inTenant(this.pools.app, tenantId, async (client) => {
      return (await client.query<{ held: number }>(countHeld, [tenantId, reasons, limit])).rows[0]?.held ?? 0;
    });
  }

  /**
   * Makes events ready that were held for a quota and can run in the present minute, those first that could run first.
   *
   * @returns those, to be offered to the queue
   */
  releaseOldest(tenantId: Id<'tenant'>, limit: number): Promise<readonly ReadyEvent[]> {
    return inTenant(this.pools.app, tenantId, async (client) => {
      return (await client.query<ReadyEvent>(releaseOldest, [tenantId, holdReasons, limit])).rows;
    });
  }

  /** Tenants with held events, behind `after` by id. Needs the use `scheduler`. */
  async tenantsWithHeldEvents(after: string, limit: number): Promise<readonly Id<'tenant'>[]> {
    const text = 'SELECT id FROM tenants_with_held_events($1, $2) AS id';
    return (await this.pools.scheduler.query<{ id: Id<'tenant'> }>(text, [after, limit])).rows.map(({ id }) => id);
  }

  /** What the plans of all tenants say, behind `after` by id. Needs the use `scheduler`. */
  async tenantLimits(after: string, limit: number): Promise<readonly TenantLimits[]> {
    const text = 'SELECT id, quotas FROM tenant_shares($1, $2)';
    const { rows } = await this.pools.scheduler.query<{ id: Id<'tenant'>; quotas: unknown }>(text, [after, limit]);
    return rows.map(({ id, quotas }) => ({ id, limits: quotaLimitsSchema.parse(quotas) }));
  }
}
