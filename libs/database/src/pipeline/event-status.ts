import type { Id } from '@tenon/contracts';

/**
 * Where an event stands. `ready` waits for its turn or runs, `delayed` waits for its time, `held` waits to be released,
 * `dead` was tried as often as it may be; the others need no further run.
 */
export type EventStatus = 'ready' | 'delayed' | 'held' | 'dead' | 'done' | 'cancelled' | 'discarded';

/** Which events a list is about; what is left out doesn't narrow it. */
export interface EventFilter {
  readonly status?: EventStatus | undefined;
  readonly type?: string | undefined;
  readonly source?: string | undefined;
  /** Accepted at this time or later. */
  readonly from?: Date | undefined;
  /** Accepted before this time. */
  readonly to?: Date | undefined;
}

/** From the row of what is left to do (w), which an event has until it is recorded, and the note on its end (n). */
export const statusSql = `
  CASE WHEN w.status = 'ready' AND w.not_before > now() THEN 'delayed'
       WHEN w.status IS NOT NULL THEN w.status
       ELSE coalesce(n.ending, 'done') END`;

interface StatusSearch {
  /** Joined so that the search begins with the smallest table that knows the status. */
  readonly from: string;
  readonly where: string;
}

const all = `events AS e
    LEFT JOIN event_work AS w ON w.id = e.id AND w.tenant_id = e.tenant_id
    LEFT JOIN event_endings AS n ON n.tenant_id = e.tenant_id AND n.id = e.id`;
const unfinished = `event_work AS w
    JOIN events AS e ON e.tenant_id = w.tenant_id AND e.id = w.id
    LEFT JOIN event_endings AS n ON n.tenant_id = e.tenant_id AND n.id = e.id`;
const ended = `event_endings AS n
    JOIN events AS e ON e.tenant_id = n.tenant_id AND e.id = n.id
    LEFT JOIN event_work AS w ON w.id = e.id AND w.tenant_id = e.tenant_id`;

/** Where a search begins, and what a status means there. */
export const statusSearches: Readonly<Record<EventStatus | 'any', StatusSearch>> = {
  any: { from: all, where: 'true' },
  ready: { from: unfinished, where: "w.status = 'ready' AND (w.not_before IS NULL OR w.not_before <= now())" },
  delayed: { from: unfinished, where: "w.status = 'ready' AND w.not_before > now()" },
  held: { from: unfinished, where: "w.tenant_id = $1 AND w.status = 'held'" },
  dead: { from: unfinished, where: "w.tenant_id = $1 AND w.status = 'dead'" },
  done: { from: all, where: "w.id IS NULL AND coalesce(n.ending, 'done') = 'done'" },
  cancelled: { from: ended, where: "n.ending = 'cancelled'" },
  discarded: { from: ended, where: "n.ending = 'discarded'" },
};

/** Only what was asked for becomes a condition, so that each question finds its own index. */
export function eventConditions(tenantId: Id<'tenant'>, asked: EventFilter & { readonly cursor?: string | undefined }) {
  const values: (string | Date)[] = [tenantId];
  const conditions = ['e.tenant_id = $1'];
  const add = (value: string | Date | undefined, condition: (place: string) => string) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  add(asked.cursor, (place) => `e.id < ${place}`);
  add(asked.type, (place) => `e.type = ${place}`);
  add(asked.source, (place) => `e.source = ${place}`);
  add(asked.from, (place) => `e.accepted_at >= ${place}`);
  add(asked.to, (place) => `e.accepted_at < ${place}`);
  // Ids begin with the time, so a span of time is a span of ids; a minute's leeway covers clocks that disagree.
  add(asked.from, (place) => `e.id >= 'evt_' || ulid_time(${place}::timestamptz - interval '1 minute')`);
  add(asked.to, (place) => `e.id < 'evt_' || ulid_time(${place}::timestamptz + interval '1 minute')`);
  const search = statusSearches[asked.status ?? 'any'];
  conditions.push(search.where);
  return { from: search.from, where: conditions.join(' AND '), values };
}
