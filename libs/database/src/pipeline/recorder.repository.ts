import { createHash } from 'node:crypto';
import { type AuditDraft, appendAudit, type SqlRunner } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import type { ExecutionRecord } from './execution-record.js';
import { storableOrNull, storableText } from './storable.js';
import { usageOf } from './usage-delta.js';

/** What one job did, for one tenant. */
export interface RecordBatch {
  readonly executions: readonly ExecutionRecord[];
  /** Events that need no further run. A note says why one had none at all. */
  readonly doneEvents?: readonly { readonly id: Id<'event'>; readonly note?: string | undefined }[];
  /** Who ran it, for the audit: `system` unless a key asked for the run. */
  readonly actor?: string | undefined;
  readonly requestId?: string | undefined;
}

export interface RecordedBatch {
  /** Executions that were new. Those of a job that runs twice are new once. */
  readonly recorded: readonly Id<'execution'>[];
}

/** Executions in one call; a micro-batch is far smaller. */
export const executionsPerBatchMax = 1_000;

const insertExecutions = `
  INSERT INTO executions (tenant_id, id, kind, event_id, function_id, function_name, version_id, extension_point,
    attempt, outcome, message, input, output, log, log_bytes_dropped, instructions_used, fuel_used, memory_bytes_peak,
    cpu_us, wall_us, limit_reached, exit_code, guest_error, backtrace, clock_ms, seed, engine, started_at)
  SELECT $2, id, kind, "eventId", "functionId", "functionName", "versionId", "extensionPoint", attempt, outcome,
    message, input, output, log, "logBytesDropped", "instructionsUsed", "fuelUsed", "memoryBytesPeak", "cpuUs",
    "wallUs", "limit", "exitCode", "guestError", backtrace, "clockMs", seed, engine, "startedAt"
  FROM json_to_recordset($1::json) AS e(id text, kind text, "eventId" text, "functionId" text, "functionName" text,
    "versionId" text, "extensionPoint" text, attempt int, outcome text, message text, input text, output text,
    log text, "logBytesDropped" bigint, "instructionsUsed" bigint, "fuelUsed" bigint, "memoryBytesPeak" bigint,
    "cpuUs" bigint, "wallUs" bigint, "limit" jsonb, "exitCode" bigint, "guestError" text, backtrace jsonb,
    "clockMs" bigint, seed text, engine text, "startedAt" timestamptz)
  ON CONFLICT DO NOTHING
  RETURNING id`;

const insertUsage = `
  INSERT INTO usage_deltas (tenant_id, function_id, hour, executions, succeeded, failed_guest, failed_caller,
    failed_ours, instructions, fuel, cpu_us)
  SELECT $2, "functionId", hour, executions, succeeded, "failedGuest", "failedCaller", "failedOurs", instructions,
    fuel, "cpuUs"
  FROM json_to_recordset($1::json) AS u("functionId" text, hour timestamptz, executions bigint, succeeded bigint,
    "failedGuest" bigint, "failedCaller" bigint, "failedOurs" bigint, instructions bigint, fuel bigint, "cpuUs" bigint)`;

// Found by their ids and nothing else: joined to a list of unknown length, the planner would rather read all events of
// the tenant, and a batch would cost more with every event that was ever sent.
const tickEvents = `
  UPDATE events SET status = 'done', note = $3::json ->> id, done_at = now(), lease_until = NULL
    WHERE id = ANY($1::text[]) AND tenant_id = $2 AND status <> 'done'`;

/**
 * Writes what happened, through a role that can add records and never change one. Everything about a micro-batch is
 * one transaction: executions, their usage, one audit entry over them, and the ticks on their events. A batch that
 * comes again, in whole or in part, adds only what was missing.
 */
export class RecorderRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** @throws RangeError for more than 1,000 executions at once. */
  async record(tenantId: Id<'tenant'>, batch: RecordBatch): Promise<RecordedBatch> {
    const { executions, doneEvents = [] } = batch;
    if (executions.length > executionsPerBatchMax) throw new RangeError('too many executions in one batch');
    return inTenant(this.pool, tenantId, async (client) => {
      const fresh = await insertNew(client, tenantId, executions);
      if (doneEvents.length > 0) await tick(client, tenantId, doneEvents);
      if (fresh.length > 0) {
        await client.query(insertUsage, [JSON.stringify(usageOf(fresh)), tenantId]);
        // Last, because it locks the tenant's chain until the commit.
        await appendAudit(runnerOf(client), tenantId, [auditDraft(fresh, batch)]);
      }
      return { recorded: fresh.map((execution) => execution.id) };
    });
  }
}

async function tick(
  client: pg.PoolClient,
  tenantId: Id<'tenant'>,
  doneEvents: NonNullable<RecordBatch['doneEvents']>,
): Promise<void> {
  const notes = Object.fromEntries(doneEvents.flatMap(({ id, note }) => (note ? [[id, storableText(note)]] : [])));
  const values = [doneEvents.map(({ id }) => id), tenantId, JSON.stringify(notes)];
  // Without a name: a plan that was made while the outbox was empty would read all events of the tenant once it is not.
  await client.query(tickEvents, values);
}

async function insertNew(client: pg.PoolClient, tenantId: Id<'tenant'>, executions: readonly ExecutionRecord[]) {
  if (executions.length === 0) return [];
  const rows = executions.map(toRow).sort((a, b) => (a.id < b.id ? -1 : 1));
  const values = [JSON.stringify(rows), tenantId];
  const inserted = await client.query<{ id: string }>({ name: 'insert-executions', text: insertExecutions, values });
  const fresh = new Set(inserted.rows.map((row) => row.id));
  // `delete` also drops the second of two equal ids in one batch, which Postgres inserted once.
  return executions.filter((execution) => fresh.delete(execution.id));
}

function toRow(execution: ExecutionRecord) {
  return {
    ...execution,
    message: storableText(execution.message),
    input: storableOrNull(execution.input),
    output: storableOrNull(execution.output),
    log: storableText(execution.log),
    guestError: storableOrNull(execution.guestError),
    backtrace: execution.backtrace?.map(({ functionIndex, functionName }) => ({
      functionIndex,
      ...(functionName === undefined ? {} : { functionName: storableText(functionName) }),
    })),
    startedAt: execution.startedAt.toISOString(),
  };
}

/** One entry for the batch: the chain vouches for each run and its output without growing by an entry per run. */
function auditDraft(fresh: readonly ExecutionRecord[], { actor = 'system', requestId }: RecordBatch): AuditDraft {
  return {
    actor,
    action: 'executions.recorded',
    target: fresh.length === 1 && fresh[0] !== undefined ? fresh[0].id : `${fresh.length} executions`,
    ...(requestId === undefined ? {} : { requestId }),
    details: {
      executions: fresh.map(({ id, functionId, versionId, outcome, output, instructionsUsed }) => ({
        id,
        functionId,
        versionId,
        outcome,
        instructionsUsed,
        outputSha256: output === undefined ? undefined : sha256(storableText(output)),
      })),
    },
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function runnerOf(client: pg.PoolClient): SqlRunner {
  return { query: async (text, values) => (await client.query<Record<string, unknown>>(text, [...values])).rows };
}
