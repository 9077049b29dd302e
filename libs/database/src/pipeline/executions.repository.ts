import type { Id, Outcome } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import { type Page, type PageRequest, pageOf } from '../page.js';
import type { ExecutionKind, ExecutionSummary, StoredExecution } from './execution-record.js';

/** Which executions a list is about; what is left out doesn't narrow it. */
export interface ExecutionFilter {
  /** A function by its name. */
  readonly functionName?: string | undefined;
  readonly versionId?: Id<'version'> | undefined;
  readonly eventId?: Id<'event'> | undefined;
  readonly outcome?: Outcome | undefined;
  readonly kind?: ExecutionKind | undefined;
  /** Recorded at this time or later. */
  readonly from?: Date | undefined;
  /** Recorded before this time. */
  readonly to?: Date | undefined;
}

const summary = `id, kind, event_id AS "eventId", function_id AS "functionId", function_name AS "functionName",
  version_id AS "versionId", extension_point AS "extensionPoint", attempt, outcome, message,
  instructions_used AS "instructionsUsed", fuel_used AS "fuelUsed", memory_bytes_peak AS "memoryBytesPeak",
  cpu_us AS "cpuUs", wall_us AS "wallUs", started_at AS "startedAt", recorded_at AS "recordedAt"`;

// What the function read is not written twice: where it was the data of its event, it is read from there.
const inputText = `CASE input_place WHEN 'event' THEN (SELECT e.data FROM events AS e
  WHERE e.tenant_id = executions.tenant_id AND e.id = executions.event_id) ELSE input END AS input`;

const everything = `${summary}, ${inputText}, output, log, log_bytes_dropped AS "logBytesDropped",
  limit_reached AS "limit", exit_code AS "exitCode", guest_error AS "guestError", backtrace, clock_ms AS "clockMs",
  seed, engine, position, encode(input_sha256, 'hex') AS "inputSha256", encode(output_sha256, 'hex') AS "outputSha256",
  input_place AS "inputPlace", output_place AS "outputPlace"`;

/** What was recorded, read-only, one tenant at a time. */
export class ExecutionsRepository {
  constructor(private readonly pool: pg.Pool) {}

  find(tenantId: Id<'tenant'>, id: Id<'execution'>): Promise<StoredExecution | null> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = `SELECT ${everything} FROM executions WHERE tenant_id = $1 AND id = $2`;
      return (await client.query<StoredExecution>(text, [tenantId, id])).rows[0] ?? null;
    });
  }

  /** Newest first, by the time of the event. */
  list(tenantId: Id<'tenant'>, page: PageRequest & ExecutionFilter): Promise<Page<ExecutionSummary>> {
    const { where, values } = conditionsOf(tenantId, page);
    const text = `SELECT ${summary} FROM executions WHERE ${where} ORDER BY id DESC LIMIT ${page.limit + 1}`;
    return inTenant(this.pool, tenantId, async (client) => {
      const { rows } = await client.query<ExecutionSummary>(text, values);
      return pageOf(rows, page.limit, (execution) => execution.id);
    });
  }
}

/** Only what was asked for becomes a condition, so that each question finds its own index. */
function conditionsOf(tenantId: Id<'tenant'>, asked: PageRequest & ExecutionFilter) {
  const values: (string | Date)[] = [tenantId];
  const conditions = ['tenant_id = $1'];
  const add = (value: string | Date | undefined, condition: (place: string) => string) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  add(asked.cursor, (place) => `id < ${place}`);
  add(
    asked.functionName,
    (place) => `function_id = (SELECT f.id FROM functions AS f WHERE f.tenant_id = $1 AND f.name = ${place})`,
  );
  add(asked.versionId, (place) => `version_id = ${place}`);
  add(asked.eventId, (place) => `event_id = ${place}`);
  // An execution's id begins with the ten characters that are its event's time: a span of the primary key.
  add(asked.eventId?.slice(4, 14), (place) => `id >= 'exe_' || ${place} AND id < 'exe_' || ${place} || '~'`);
  add(asked.outcome, (place) => `outcome = ${place}`);
  add(asked.kind, (place) => `kind = ${place}`);
  add(asked.from, (place) => `recorded_at >= ${place}`);
  add(asked.to, (place) => `recorded_at < ${place}`);
  return { where: conditions.join(' AND '), values };
}
