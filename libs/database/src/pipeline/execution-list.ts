import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { type Page, type PageRequest, pageOf } from '../page.js';
import { addRunConditions, Conditions, type ExecutionFilter, idSpanOf, isSelective } from './execution-filter.js';
import type { ExecutionSummary } from './execution-record.js';
import { findSpans, idOfBound, type RunSpan } from './execution-spans.js';
import { type Asked, addSpan, containing, type Look, lookAtNewest, newestOf } from './look-at-newest.js';
import { SearchStep } from './search-step.js';

/** A list stops looking after this long; nothing that it asks takes nearly as long. */
const statementMs = 5_000;
/** Runs that are looked at before the sums are asked where to look: what is common is found among them. */
const firstLookMax = 1_000;
/** How long a page is looked for: then it is given as far as it is, with where to go on. */
const searchMsMax = 30;
/** Runs of one look at logs, and hours and spans of one question to the sums: at first, and at most. */
const looked = { first: 1_000, max: 16_000 } as const;
const hours = { first: 8, max: 1_024 } as const;
const spans = { first: 16, max: 512 } as const;
/** Functions of one name: all but one of them were deleted. */
const sameNameMax = 100;

export const summary = `id, kind, event_id AS "eventId", function_id AS "functionId", function_name AS "functionName",
  version_id AS "versionId", extension_point AS "extensionPoint", attempt, outcome, message,
  instructions_used AS "instructionsUsed", fuel_used AS "fuelUsed", memory_bytes_peak AS "memoryBytesPeak",
  cpu_us AS "cpuUs", wall_us AS "wallUs", started_at AS "startedAt", recorded_at AS "recordedAt"`;

type ExecutionPage = Page<ExecutionSummary>;

/** Finds a page of runs; see ExecutionsRepository.list. */
export async function listExecutions(
  client: pg.PoolClient,
  tenantId: Id<'tenant'>,
  page: PageRequest & ExecutionFilter,
): Promise<ExecutionPage> {
  await client.query(`SET LOCAL statement_timeout = ${statementMs}; SET LOCAL jit = off`);
  const functionIds = await functionIdsOf(client, tenantId, page.functionName);
  if (functionIds?.length === 0) return { items: [] };
  const asked = { tenantId, filter: page, functionIds, limit: page.limit, within: idSpanOf(page, page.cursor) };
  const untilMs = performance.now() + searchMsMax;
  if (isSelective(page) && page.eventId === undefined) return listSelected(client, asked, untilMs);
  if (page.log === undefined) return toPage(await readInOrder(client, asked), page.limit);
  const { hits, before } = await searchLogs(client, asked, untilMs);
  return toPage(await readByIds(client, asked, hits), page.limit, before);
}

async function functionIdsOf(client: pg.PoolClient, tenantId: Id<'tenant'>, name: string | undefined) {
  if (name === undefined) return undefined;
  const text = 'SELECT id FROM functions WHERE tenant_id = $1 AND name = $2 ORDER BY id DESC LIMIT $3';
  return (await client.query<{ id: string }>(text, [tenantId, name, sameNameMax])).rows.map(({ id }) => id);
}

/** A page of what was found; `before` is where looking ended early. */
function toPage(rows: readonly ExecutionSummary[], limit: number, before?: string): ExecutionPage {
  const page = pageOf(rows, limit, (execution) => execution.id);
  return page.next === undefined && before !== undefined ? { ...page, next: idOfBound(before) } : page;
}

/** Where an index gives the runs in order, and all of them are meant. */
async function readInOrder(client: pg.PoolClient, asked: Asked): Promise<readonly ExecutionSummary[]> {
  const conditions = new Conditions(asked.tenantId);
  addRunConditions(conditions, { ...asked.filter, functionName: undefined });
  addSpan(conditions, asked.within);
  const text = newestOf(asked, conditions, summary, asked.limit + 1);
  return (await client.query<ExecutionSummary>(text, conditions.values)).rows;
}

/** Reads logs from the newest on, as far as the time goes. */
async function searchLogs(client: pg.PoolClient, asked: Asked, untilMs: number): Promise<Look> {
  const step = new SearchStep(looked.first, looked.max);
  const hits: string[] = [];
  let high = asked.within.high;
  for (;;) {
    const within = { low: asked.within.low, high };
    const look = await step.timed((size) => lookAtNewest(client, asked, within, size));
    hits.push(...look.hits);
    if (look.before === undefined || hits.length > asked.limit || performance.now() > untilMs) {
      return { hits: hits.slice(0, asked.limit + 1), before: look.before };
    }
    high = look.before;
  }
}

async function readByIds(client: pg.PoolClient, { tenantId }: Asked, ids: readonly string[]) {
  const conditions = new Conditions(tenantId).add(ids, (place) => `id = ANY (${place})`);
  const text = `SELECT ${summary} FROM executions WHERE ${conditions.where} ORDER BY id DESC`;
  return (await client.query<ExecutionSummary>(text, conditions.values)).rows;
}

/** Where few may be meant: looks at the newest, then in the minutes of which the sums say that there were any. */
async function listSelected(client: pg.PoolClient, asked: Asked, untilMs: number): Promise<ExecutionPage> {
  const look = await lookAtNewest(client, asked, asked.within, firstLookMax);
  const rows = look.hits.length === 0 ? [] : [...(await readByIds(client, asked, look.hits))];
  const [asking, reading] = [new SearchStep(hours.first, hours.max), new SearchStep(spans.first, spans.max)];
  let before = look.before;
  while (before !== undefined && rows.length <= asked.limit) {
    const within = { low: asked.within.low, high: before };
    const found = await asking.timed((hoursMax) =>
      findSpans(client, asked.tenantId, asked.filter, within, { hoursMax, spansMax: reading.size }),
    );
    if (found.spans.length > 0) {
      const limit = asked.limit + 1 - rows.length;
      rows.push(...(await reading.timed(() => readSpans(client, asked, found.spans, limit))));
    }
    before = found.before;
    if (performance.now() > untilMs) break;
  }
  return toPage(rows, asked.limit, before);
}

async function readSpans(client: pg.PoolClient, asked: Asked, spans: readonly RunSpan[], limit: number) {
  const conditions = new Conditions(asked.tenantId);
  addRunConditions(conditions, asked.filter);
  conditions.add(containing(asked.filter.log), (place) => `log <> '' AND log ILIKE ${place}`);
  const lows = conditions.place(spans.map((span) => span.low));
  const highs = conditions.place(spans.map((span) => span.high));
  const functionIds = spans.flatMap((span) => span.functionId ?? []);
  const functions = conditions.place(functionIds);
  const ofFunction = functionIds.length === 0 ? '' : 'AND function_id = s.function_id';
  const text = `
    SELECT x.* FROM unnest(${lows}::text[], ${highs}::text[], ${functions}::text[]) AS s(low, high, function_id)
      CROSS JOIN LATERAL (
        SELECT ${summary} FROM executions
          WHERE ${conditions.where} AND id >= s.low AND id < s.high ${ofFunction} ORDER BY id DESC LIMIT ${limit}
      ) AS x ORDER BY x.id DESC LIMIT ${limit}`;
  return (await client.query<ExecutionSummary>(text, conditions.values)).rows;
}
