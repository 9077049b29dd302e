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

const statusConditions: Readonly<Record<EventStatus, string>> = {
  ready: "w.status = 'ready' AND (w.not_before IS NULL OR w.not_before <= now())",
  delayed: "w.status = 'ready' AND w.not_before > now()",
  held: "w.status = 'held'",
  dead: "w.status = 'dead'",
  done: "w.id IS NULL AND coalesce(n.ending, 'done') = 'done'",
  cancelled: "w.id IS NULL AND n.ending = 'cancelled'",
  discarded: "w.id IS NULL AND n.ending = 'discarded'",
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
  if (asked.status !== undefined) conditions.push(statusConditions[asked.status]);
  return { where: conditions.join(' AND '), values };
}
