import { type Combination, type Id, orderedIds } from '@tenon/contracts';
import type pg from 'pg';
import { bigintArray, textArray } from '../connection/binary-array.js';
import { inTenant } from '../connection/transaction.js';
import { type Page, type PageRequest, pageOf } from '../page.js';
import { type EventFilter, type EventStatus, eventConditions, statusSearches, statusSql } from './event-status.js';
import type { PointResult } from './record-batch.js';
import { storable, storableText } from './storable.js';

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
  /** 0 to 9, 9 first; 5 where it is absent. */
  readonly priority?: number | undefined;
  /** The event does not run before. */
  readonly notBefore?: Date | undefined;
}

/** What became of an event that was offered. */
export interface AcceptedEvent {
  readonly id: Id<'event'>;
  /** True when it had been accepted before; `id` is then the id that it got the first time. */
  readonly duplicate: boolean;
}

/** An event with what it carries. */
export interface StoredEvent extends EventSummary {
  readonly data: string;
}

/** What a list of events shows. */
export interface EventSummary {
  readonly id: Id<'event'>;
  readonly source: string;
  readonly sourceEventId: string;
  readonly type: string;
  readonly subject: string | null;
  readonly origin: string;
  readonly status: EventStatus;
  /** Why it is held, delayed or dead, or why it ended without an execution. */
  readonly note: string | null;
  /** Attempts that were recorded and are not the last; 0 for an event that ended. */
  readonly attempts: number;
  readonly priority: number | null;
  readonly notBefore: Date | null;
  readonly acceptedAt: Date;
}

const summary = `e.id, e.source, e.source_event_id AS "sourceEventId", e.type, e.subject, e.origin,
  ${statusSql} AS status, coalesce(w.reason, n.note) AS note, coalesce(w.attempts, 0) AS attempts, w.priority,
  w.not_before AS "notBefore", e.accepted_at AS "acceptedAt"`;

/** A combined result as it was recorded. */
export interface StoredPointResult extends Omit<PointResult, 'eventId' | 'output' | 'combination'> {
  readonly combination: Combination;
  readonly output: string | null;
  readonly recordedAt: Date;
}

/** An event feeds few points, and is tried a bounded number of times on each. */
const resultsMax = 200;

/** Events in one question at most. */
const eventsPerQuestionMax = 1_000;

/** Events as the api keeps and shows them, one tenant at a time. */
export class EventsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Keeps all events in one commit, which is the acknowledgement: when this returns, none of them can be lost.
   * Those that were accepted before are not kept again. The answers are in the order of `events`.
   */
  async insert(tenantId: Id<'tenant'>, events: readonly NewEvent[]): Promise<readonly AcceptedEvent[]> {
    if (events.length === 0) return [];
    const rows = events.map(toRow);
    const { ordered, firsts } = inOneOrder(rows);
    const { texts, figures } = eventRows(ordered);
    const known = await this.pool.query<{ place: number; id: Id<'event'> }>({
      name: 'accept-events',
      text: 'SELECT place, id FROM accept_events($1, $2, $3)',
      values: [tenantId, texts, figures],
    });
    if (known.rows.length === 0 && ordered.length === rows.length) {
      return rows.map(({ id }) => ({ id, duplicate: false }));
    }
    const earlier = new Map(known.rows.map(({ place, id }) => [ordered[place], id]));
    return rows.map((row) => {
      const first = firsts.get(row) ?? row;
      const id = earlier.get(first) ?? first.id;
      return { id, duplicate: id !== row.id };
    });
  }

  /** The events of these ids that exist, in no order. At most 1,000. */
  load(tenantId: Id<'tenant'>, ids: readonly Id<'event'>[]): Promise<readonly StoredEvent[]> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = `SELECT ${summary}, e.data FROM ${statusSearches.any.from}
        WHERE e.tenant_id = $1 AND e.id = ANY($2::text[]) LIMIT ${eventsPerQuestionMax}`;
      return (await client.query<StoredEvent>(text, [tenantId, ids])).rows;
    });
  }

  /** Newest first. A filter by a status that is not `done` reads only events that are not finished. */
  list(tenantId: Id<'tenant'>, page: PageRequest & EventFilter): Promise<Page<EventSummary>> {
    const { from, where, values } = eventConditions(tenantId, page);
    const text = `SELECT ${summary} FROM ${from} WHERE ${where} ORDER BY e.id DESC LIMIT ${page.limit + 1}`;
    return inTenant(this.pool, tenantId, async (client) => {
      const { rows } = await client.query<EventSummary>(text, values);
      return pageOf(rows, page.limit, (event) => event.id);
    });
  }

  /** What several functions of a point made of the event together, the latest attempt first. */
  results(tenantId: Id<'tenant'>, id: Id<'event'>): Promise<readonly StoredPointResult[]> {
    const text = `
      SELECT extension_point AS "extensionPoint", attempt, combination, outcome, output, steps,
             recorded_at AS "recordedAt" FROM point_results WHERE tenant_id = $1 AND event_id = $2
        ORDER BY attempt DESC, extension_point LIMIT ${resultsMax}`;
    return inTenant(this.pool, tenantId, async (client) => {
      return (await client.query<StoredPointResult>(text, [tenantId, id])).rows;
    });
  }
}

/** Events of one process sort as they came, those of one millisecond too: that is the order in which they are run. */
const newEventId = orderedIds('event');

function toRow(event: NewEvent): EventRow {
  return {
    ...event,
    id: newEventId(),
    source: storableText(event.source),
    sourceEventId: storableText(event.sourceEventId),
  };
}

interface EventRow extends NewEvent {
  readonly id: Id<'event'>;
}

/**
 * One order for all, so that two calls with the same events wait for each other instead of locking each other out, and
 * each event once: `firsts` says of those that are left out which is the same.
 */
function inOneOrder(rows: readonly EventRow[]) {
  const sorted = [...rows].sort((a, b) => compare(a.source, b.source) || compare(a.sourceEventId, b.sourceEventId));
  const firsts = new Map<EventRow, EventRow>();
  let first = sorted[0];
  const ordered = sorted.filter((row) => {
    if (first === undefined || first === row || !isSame(first, row)) {
      first = row;
      return true;
    }
    firsts.set(row, first);
    return false;
  });
  return { ordered, firsts };
}

function isSame(a: EventRow, b: EventRow): boolean {
  return a.sourceEventId === b.sourceEventId && a.source === b.source;
}

/** Events as `accept_events` reads them. */
function eventRows(rows: readonly EventRow[]) {
  const texts: (string | undefined)[] = [];
  const figures: (number | undefined)[] = [];
  for (const { id, source, sourceEventId, type, subject, data, origin, held, time, priority, notBefore } of rows) {
    texts.push(id, source, sourceEventId, storableText(type), storable(subject), storableText(data), origin);
    texts.push(storable(held));
    figures.push(time?.getTime(), priority, notBefore?.getTime());
  }
  return { texts: textArray(texts), figures: bigintArray(figures) };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
