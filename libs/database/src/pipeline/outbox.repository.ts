import type { Id } from '@tenon/contracts';
import type pg from 'pg';

/** An event on its way to a queue: enough to schedule it, nothing of what it says. */
export interface ClaimedEvent {
  readonly id: Id<'event'>;
  readonly tenantId: Id<'tenant'>;
  readonly type: string;
  /** How often it was claimed, this time included. */
  readonly attempts: number;
  readonly acceptedAt: Date;
}

/** A build that has not ended. */
export interface UnfinishedBuild {
  readonly tenantId: Id<'tenant'>;
  readonly versionId: Id<'version'>;
  readonly buildAttempts: number;
  readonly createdAt: Date;
}

// The rows to change are an array, not a join: whatever the planner believes about their number, it looks each one up
// by its id. As a join with a limit that it does not know, it reads the whole table.
const claim = `
  WITH due AS (
    SELECT id FROM events WHERE status = 'ready' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
  )
  UPDATE events AS e
    SET status = 'queued', attempts = e.attempts + 1, queued_at = now(),
        lease_until = now() + make_interval(secs => $2 / 1000.0)
    WHERE e.id = ANY(ARRAY(SELECT id FROM due))
    RETURNING e.id, e.tenant_id AS "tenantId", e.type, e.attempts, e.accepted_at AS "acceptedAt"`;

const requeue = `
  WITH late AS (
    SELECT id FROM events WHERE status = 'queued' AND lease_until < now()
      ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED
  )
  UPDATE events SET status = 'ready', lease_until = NULL WHERE id = ANY(ARRAY(SELECT id FROM late))`;

const queued = `
  SELECT id, tenant_id AS "tenantId", type, attempts, accepted_at AS "acceptedAt"
    FROM events WHERE status = 'queued' AND ($2 OR lease_until < now()) ORDER BY lease_until LIMIT $1`;

const extend = `
  UPDATE events SET lease_until = now() + make_interval(secs => $2 / 1000.0)
    WHERE id = ANY($1::text[]) AND status = 'queued'`;

const unfinished = `
  SELECT tenant_id AS "tenantId", id AS "versionId", build_attempts AS "buildAttempts", created_at AS "createdAt"
    FROM versions WHERE status = 'building' AND created_at < now() - make_interval(secs => $1 / 1000.0)
    ORDER BY created_at LIMIT $2`;

/** The outbox across all tenants, as the relay sees it. Several relays may work at once; none gets another's events. */
export class OutboxRepository {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Takes up to `limit` ready events, oldest first, and marks them queued until `leaseMs` from now. Whoever dies with
   * them in hand loses nothing: {@link requeueStale} makes them ready again.
   */
  async claimReady(limit: number, leaseMs: number): Promise<readonly ClaimedEvent[]> {
    const { rows } = await this.pool.query<ClaimedEvent>(claim, [limit, leaseMs]);
    return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Makes queued events ready again whose lease ran out. @returns how many there were, at most `limit`. */
  async requeueStale(limit: number): Promise<number> {
    return (await this.pool.query(requeue, [limit])).rowCount ?? 0;
  }

  /** Queued events whose lease ran out, or with `all` every queued one: for asking whether a job still carries them. */
  async queued(options: { readonly limit: number; readonly all: boolean }): Promise<readonly ClaimedEvent[]> {
    return (await this.pool.query<ClaimedEvent>(queued, [options.limit, options.all])).rows;
  }

  /** Keeps queued events from being taken for lost while their job is alive. */
  async extendLease(ids: readonly Id<'event'>[], leaseMs: number): Promise<number> {
    return (await this.pool.query(extend, [ids, leaseMs])).rowCount ?? 0;
  }

  /** Gives events back that were claimed and could not be queued. */
  async unclaim(ids: readonly Id<'event'>[]): Promise<number> {
    const text = `UPDATE events SET status = 'ready', lease_until = NULL WHERE id = ANY($1::text[]) AND status = 'queued'`;
    return (await this.pool.query(text, [ids])).rowCount ?? 0;
  }

  /** Versions still building that were uploaded more than `olderThanMs` ago: their job may be lost. */
  async unfinishedBuilds(olderThanMs: number, limit: number): Promise<readonly UnfinishedBuild[]> {
    return (await this.pool.query<UnfinishedBuild>(unfinished, [olderThanMs, limit])).rows;
  }
}
