import type { Id } from '@tenon/contracts';
import type pg from 'pg';

/** An event that asks to be run: enough to put it in line, nothing of what it says. */
export interface OutboxEvent {
  readonly id: Id<'event'>;
  readonly tenantId: Id<'tenant'>;
  readonly priority: number;
  readonly notBefore: Date | null;
}

/** A build that has not ended. */
export interface UnfinishedBuild {
  readonly tenantId: Id<'tenant'>;
  readonly versionId: Id<'version'>;
  readonly buildAttempts: number;
  readonly createdAt: Date;
}

const shown = `id, tenant_id AS "tenantId", priority, not_before AS "notBefore"`;

/** Ids begin with the time at which they were made, so age is a bound on ids. */
const olderThan = `'evt_' || ulid_time(now() - make_interval(secs => $2 / 1000.0))`;

const after = `
  SELECT ${shown} FROM event_work WHERE id > $3 AND id < ${olderThan} AND status = 'ready' ORDER BY id LIMIT $1`;

const newest = `
  SELECT ${shown} FROM event_work WHERE id < ${olderThan} AND status = 'ready' ORDER BY id DESC LIMIT $1`;

const stillReady = `SELECT ${shown} FROM event_work WHERE id = ANY($1::text[]) AND status = 'ready' LIMIT 1000`;

const unfinished = `
  SELECT tenant_id AS "tenantId", id AS "versionId", build_attempts AS "buildAttempts", created_at AS "createdAt"
    FROM versions WHERE status = 'building' AND created_at < now() - make_interval(secs => $1 / 1000.0)
    ORDER BY created_at LIMIT $2`;

/** What waits to be run across all tenants, as the relay sees it: the truth from which the queue is made again. */
export class OutboxRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Ready events that came more than `olderThanMs` ago, from the first id behind `afterId`, oldest first. */
  async readyAfter(afterId: string, olderThanMs: number, limit: number): Promise<readonly OutboxEvent[]> {
    return (await this.pool.query<OutboxEvent>(after, [limit, olderThanMs, afterId])).rows;
  }

  /** The newest ready events that came more than `olderThanMs` ago: those whose offer may have got lost just now. */
  async newestReady(olderThanMs: number, limit: number): Promise<readonly OutboxEvent[]> {
    return (await this.pool.query<OutboxEvent>(newest, [limit, olderThanMs])).rows;
  }

  /** Those of the events that still ask to be run. At most 1,000. */
  async stillReady(ids: readonly Id<'event'>[]): Promise<readonly OutboxEvent[]> {
    return (await this.pool.query<OutboxEvent>(stillReady, [ids])).rows;
  }

  /** Versions still building that were uploaded more than `olderThanMs` ago: their job may be lost. */
  async unfinishedBuilds(olderThanMs: number, limit: number): Promise<readonly UnfinishedBuild[]> {
    return (await this.pool.query<UnfinishedBuild>(unfinished, [olderThanMs, limit])).rows;
  }
}
