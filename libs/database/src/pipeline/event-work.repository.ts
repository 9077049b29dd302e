import { type AuditDraft, type AuditSeals, appendAudit } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import pg from 'pg';
import { inTenant, runnerOf } from '../connection/transaction.js';
import { type EventFilter, eventConditions } from './event-status.js';

/** An event as it is run. */
export interface WorkEvent {
  readonly id: Id<'event'>;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
  readonly acceptedAt: Date;
  /** Attempts that were recorded. */
  readonly attempts: number;
  /** Failures of ours since then. */
  readonly failures: number;
  /** What is left of it; null for all of it. */
  readonly todo: EventTodo | null;
}

/** A point that is not settled; one with functions needs only those. */
export interface PointTodo {
  readonly name: string;
  readonly functions?: readonly Id<'function'>[] | undefined;
}

/** What is left of an event after an attempt that was recorded. */
export interface EventTodo {
  /** Absent: all of it. */
  readonly points?: readonly PointTodo[] | undefined;
  /** Points that were tried as often as they may be, while others go on. */
  readonly dead?: readonly PointTodo[] | undefined;
  /** Attempts that the event had when a person let it be tried again. */
  readonly revivedAt?: number | undefined;
}

/** A batch with the number under which the tenant's live functions may be kept. */
export interface WorkBatch {
  readonly events: readonly WorkEvent[];
  readonly generation: string;
}

/** An event that goes (back) into line. */
export interface ReadyEvent {
  readonly id: Id<'event'>;
  readonly priority: number;
  readonly notBefore: Date | null;
}

/** Events by their ids, or the oldest `limit` of a filter. */
export type EventChoice =
  | { readonly ids: readonly Id<'event'>[] }
  | { readonly filter: Omit<EventFilter, 'status'> & { readonly reason?: string | undefined }; readonly limit: number };

const loadWork = `
  SELECT id, type, data, accepted_at AS "acceptedAt", attempts, failures, todo, generation FROM load_work($1, $2)`;

const again = `w.id, w.priority, w.not_before AS "notBefore"`;

/** What is left to do with events, one tenant at a time. */
export class EventWorkRepository {
  constructor(
    private readonly pool: pg.Pool,
    private readonly seals?: AuditSeals,
  ) {}

  /** Those of the events that still are to be run, in no order. At most 1,000. */
  async load(tenantId: Id<'tenant'>, ids: readonly Id<'event'>[]): Promise<WorkBatch> {
    const { rows } = await this.pool.query<WorkEvent & { generation: string | null }>({
      name: 'load-work',
      text: loadWork,
      values: [tenantId, ids],
    });
    const generation = rows.pop()?.generation ?? '';
    return { events: rows, generation };
  }

  /** Makes held events ready. @returns those that were held, to be offered to the queue. */
  release(tenantId: Id<'tenant'>, choice: EventChoice, audit?: AuditOfChange): Promise<readonly ReadyEvent[]> {
    return this.#change(tenantId, 'held', choice, `SET status = 'ready', reason = NULL, changed_at = now()`, audit);
  }

  /** Gives dead events as many attempts again. @returns those that were dead, to be offered to the queue. */
  revive(tenantId: Id<'tenant'>, choice: EventChoice, audit?: AuditOfChange): Promise<readonly ReadyEvent[]> {
    const change = `SET status = 'ready', reason = NULL, failures = 0, not_before = NULL, changed_at = now(),
      todo = jsonb_set(coalesce(w.todo, '{}'), '{revivedAt}', to_jsonb(w.attempts))`;
    return this.#change(tenantId, 'dead', choice, change, audit);
  }

  /** Gives dead events up. @returns how many were dead. */
  async discard(tenantId: Id<'tenant'>, choice: EventChoice, audit?: AuditOfChange): Promise<number> {
    return (await this.#end(tenantId, 'dead', choice, 'discarded', audit)).length;
  }

  /**
   * Ends events that have not been recorded, whether they wait, are held or run: what a run of them does is dropped.
   *
   * @returns those that had not ended, with what they were.
   */
  cancel(
    tenantId: Id<'tenant'>,
    ids: readonly Id<'event'>[],
    audit?: AuditOfChange,
  ): Promise<readonly { readonly id: Id<'event'>; readonly status: 'ready' | 'held' | 'dead' }[]> {
    return this.#end(tenantId, undefined, { ids }, 'cancelled', audit);
  }

  async #change(
    tenantId: Id<'tenant'>,
    status: string,
    choice: EventChoice,
    change: string,
    audit: AuditOfChange | undefined,
  ) {
    const { where, values } = conditionsOf(tenantId, status, choice);
    const text = `UPDATE event_work AS w ${change} WHERE ${where} RETURNING ${again}`;
    return inTenant(this.pool, tenantId, async (client) => {
      const { rows } = await client.query<ReadyEvent>(text, values);
      await this.#audit(client, tenantId, rows.length, audit);
      return rows;
    });
  }

  async #end(
    tenantId: Id<'tenant'>,
    status: string | undefined,
    choice: EventChoice,
    ending: string,
    audit: AuditOfChange | undefined,
  ) {
    const { where, values } = conditionsOf(tenantId, status, choice);
    const text = `
      WITH ended AS (DELETE FROM event_work AS w WHERE ${where} RETURNING w.id, w.status, w.reason), noted AS (
        INSERT INTO event_endings (tenant_id, id, ending, note)
          SELECT $1, id, ${pg.escapeLiteral(ending)}, reason FROM ended ON CONFLICT DO NOTHING
      ) SELECT id, status FROM ended`;
    return inTenant(this.pool, tenantId, async (client) => {
      const { rows } = await client.query<{ id: Id<'event'>; status: 'ready' | 'held' | 'dead' }>(text, values);
      await this.#audit(client, tenantId, rows.length, audit);
      return rows;
    });
  }

  async #audit(client: pg.PoolClient, tenantId: Id<'tenant'>, changed: number, audit: AuditOfChange | undefined) {
    if (audit === undefined || changed === 0) return;
    await appendAudit(runnerOf(client), tenantId, [audit(changed)], { seals: this.seals });
  }
}

/** Says who changed so many events, in the transaction of the change. */
export type AuditOfChange = (changed: number) => AuditDraft;

interface Conditions {
  readonly where: string;
  readonly values: (string | Date | number | readonly string[])[];
}

function conditionsOf(tenantId: Id<'tenant'>, status: string | undefined, choice: EventChoice): Conditions {
  const states = status === undefined ? '' : ` AND w.status = ${pg.escapeLiteral(status)}`;
  if ('ids' in choice) {
    return { where: `w.tenant_id = $1 AND w.id = ANY($2::text[])${states}`, values: [tenantId, choice.ids] };
  }
  const { reason, ...filter } = choice.filter;
  const { where, values } = eventConditions(tenantId, filter);
  const places: Conditions['values'] = [...values];
  if (reason !== undefined) places.push(reason);
  const because = reason === undefined ? '' : ` AND w.reason = $${places.length}`;
  // Chosen first and changed by id: a limit has no place in an update.
  const chosen = `SELECT w.id FROM event_work AS w JOIN events AS e ON e.tenant_id = w.tenant_id AND e.id = w.id
    WHERE w.tenant_id = $1${states}${because} AND ${where} ORDER BY w.id LIMIT ${Math.floor(choice.limit)} FOR UPDATE OF w SKIP LOCKED`;
  return { where: `w.id = ANY(ARRAY(${chosen})) AND w.tenant_id = $1`, values: places };
}
