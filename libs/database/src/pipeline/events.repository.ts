import { type Id, idPrefixes } from '@tenon/contracts';
import type pg from 'pg';
import { monotonicFactory } from 'ulid';
import { inTenant } from '../connection/transaction.js';
import { storableOrNull, storableText } from './storable.js';

/** An event to be kept. */
export interface NewEvent {
  /** CloudEvents `source` and `id`: a tenant's event is the same one when both are. */
  readonly source: string;
  readonly sourceEventId: string;
  readonly type: string;
  readonly subject?: string | undefined;
  readonly time?: Date | undefined;
  /** JSON text, as the function will read it. */
  readonly data: string;
  /** How it came: `rest`, or `webhook:` and the source's id. */
  readonly origin: string;
  /** An event that waits to be released, and why; without it the event is ready to run. */
  readonly held?: string | undefined;
}

/** What became of an event that was offered. */
export interface AcceptedEvent {
  readonly id: Id<'event'>;
  /** True when it had been accepted before; `id` is then the id that it got the first time. */
  readonly duplicate: boolean;
}

export type EventStatus = 'ready' | 'queued' | 'done' | 'held';

/** An event with what it carries. */
export interface StoredEvent {
  readonly id: Id<'event'>;
  readonly source: string;
  readonly sourceEventId: string;
  readonly type: string;
  readonly subject: string | null;
  readonly data: string;
  readonly status: EventStatus;
  /** Why it is held, or why it was done without an execution. */
  readonly note: string | null;
  /** How often it was queued. */
  readonly attempts: number;
  readonly acceptedAt: Date;
}

const insertNew = `
  INSERT INTO events (id, tenant_id, source, source_event_id, type, subject, "time", data, origin, status, note)
  SELECT id, $2, source, "sourceEventId", type, subject, "time", data, origin,
         CASE WHEN held IS NULL THEN 'ready' ELSE 'held' END, held
    FROM json_to_recordset($1::json) AS e(id text, source text, "sourceEventId" text, type text, subject text,
      "time" timestamptz, data text, origin text, held text)
  ON CONFLICT (tenant_id, source, source_event_id) DO NOTHING
  RETURNING id`;

// One look into the index per event: as a plain join, the planner may read all events of the tenant instead.
const findKept = `
  SELECT e.id, w.place FROM json_to_recordset($1::json) AS w(place int, source text, "sourceEventId" text)
    CROSS JOIN LATERAL (
      SELECT id FROM events
        WHERE tenant_id = $2 AND source = w.source AND source_event_id = w."sourceEventId" LIMIT 1
    ) AS e`;

const stored = `id, source, source_event_id AS "sourceEventId", type, subject, data, status, note, attempts,
  accepted_at AS "acceptedAt"`;

/** The outbox as the api fills it and the worker reads it, one tenant at a time. */
export class EventsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Keeps all events in one commit, which is the acknowledgement: when this returns, none of them can be lost.
   * Those that were accepted before are not kept again. The answers are in the order of `events`.
   */
  async insert(tenantId: Id<'tenant'>, events: readonly NewEvent[]): Promise<readonly AcceptedEvent[]> {
    if (events.length === 0) return [];
    const rows = events.map(toRow);
    // One order for all, so that two calls with the same events wait for each other instead of locking each other out.
    const ordered = [...rows].sort((a, b) => compare(a.source, b.source) || compare(a.sourceEventId, b.sourceEventId));
    return inTenant(this.pool, tenantId, async (client) => {
      const inserted = await client.query<{ id: Id<'event'> }>(insertNew, [JSON.stringify(ordered), tenantId]);
      const fresh = new Set(inserted.rows.map((row) => row.id));
      const earlier = await findEarlier(client, tenantId, rows, fresh);
      return rows.map((row, place) => {
        const id = earlier.get(place);
        return id === undefined ? { id: row.id, duplicate: false } : { id, duplicate: true };
      });
    });
  }

  /** The events of these ids that exist, in no order. At most 1,000. */
  load(tenantId: Id<'tenant'>, ids: readonly Id<'event'>[]): Promise<readonly StoredEvent[]> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = `SELECT ${stored} FROM events WHERE tenant_id = $1 AND id = ANY($2::text[]) LIMIT 1000`;
      return (await client.query<StoredEvent>(text, [tenantId, ids])).rows;
    });
  }

  /** Makes held events ready. @returns how many were held. */
  release(tenantId: Id<'tenant'>, ids: readonly Id<'event'>[]): Promise<number> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = `UPDATE events SET status = 'ready', note = NULL
        WHERE tenant_id = $1 AND id = ANY($2::text[]) AND status = 'held'`;
      return (await client.query(text, [tenantId, ids])).rowCount ?? 0;
    });
  }
}

/** Events of one process sort as they came, those of one millisecond too: that is the order in which they are run. */
const nextUlid = monotonicFactory();

function newEventId(): Id<'event'> {
  return `${idPrefixes.event}_${nextUlid().toLowerCase()}`;
}

function toRow(event: NewEvent) {
  return {
    id: newEventId(),
    source: storableText(event.source),
    sourceEventId: storableText(event.sourceEventId),
    type: storableText(event.type),
    subject: storableOrNull(event.subject),
    time: event.time?.toISOString() ?? null,
    data: storableText(event.data),
    origin: event.origin,
    held: storableOrNull(event.held),
  };
}

/** Where in the batch the events are that were not inserted, and the ids they have had since the first time. */
async function findEarlier(
  client: pg.PoolClient,
  tenantId: Id<'tenant'>,
  rows: readonly ReturnType<typeof toRow>[],
  fresh: ReadonlySet<string>,
): Promise<ReadonlyMap<number, Id<'event'>>> {
  const missing = rows.flatMap(({ id, source, sourceEventId }, place) =>
    fresh.has(id) ? [] : [{ place, source, sourceEventId }],
  );
  if (missing.length === 0) return new Map();
  const found = await client.query<{ id: Id<'event'>; place: number }>(findKept, [JSON.stringify(missing), tenantId]);
  return new Map(found.rows.map((row) => [row.place, row.id]));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
