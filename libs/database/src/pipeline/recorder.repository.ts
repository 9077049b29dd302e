import { type AuditDraft, type AuditSeals, appendAuditBatch } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import pg from 'pg';
import { inTransaction, runnerOf } from '../connection/transaction.js';
import type { ExecutionRecord } from './execution-record.js';
import type { RecordBatch, RecordedBatch, TenantBatch } from './record-batch.js';
import { executionRows, sha256, workRows } from './record-rows.js';
import { storableText } from './storable.js';
import { usageOf } from './usage-delta.js';

/** Executions in one call; a micro-batch is far smaller. */
export const executionsPerBatchMax = 1_000;
/** Batches in one commit: each of its tenants has its audit chain locked meanwhile. */
export const tenantsTogetherMax = 200;

const insertUsage = `
  INSERT INTO usage_deltas (tenant_id, function_id, hour, executions, succeeded, failed_guest, failed_caller,
    failed_ours, instructions, fuel, cpu_us, version_id, kind, outcome, minute, wall_us, wall_us_min, wall_us_max,
    instructions_min, instructions_max, wall_histogram, instruction_histogram)
  SELECT $2, "functionId", hour, executions, succeeded, "failedGuest", "failedCaller", "failedOurs", instructions,
    fuel, "cpuUs", "versionId", kind, outcome, minute, "wallUs", "wallUsMin", "wallUsMax", "instructionsMin",
    "instructionsMax", "wallHistogram", "instructionHistogram"
  FROM json_to_recordset($1::json) AS u("functionId" text, hour timestamptz, executions bigint, succeeded bigint,
    "failedGuest" bigint, "failedCaller" bigint, "failedOurs" bigint, instructions bigint, fuel bigint, "cpuUs" bigint,
    "versionId" text, kind text, outcome text, minute timestamptz, "wallUs" bigint, "wallUsMin" bigint,
    "wallUsMax" bigint, "instructionsMin" bigint, "instructionsMax" bigint, "wallHistogram" bytea,
    "instructionHistogram" bytea)`;

/**
 * Writes what happened, through a role that can add records and never change one. Everything about a micro-batch is
 * one transaction: executions, their usage, one audit entry over them, and the end of their events. A batch that comes
 * again, in whole or in part, adds only what was missing.
 */
export class RecorderRepository {
  constructor(
    private readonly pool: pg.Pool,
    private readonly seals?: AuditSeals,
  ) {}

  /** @throws RangeError for more than 1,000 executions at once. */
  async record(tenantId: Id<'tenant'>, batch: RecordBatch): Promise<RecordedBatch> {
    const [recorded] = await this.recordTogether([{ tenantId, batch }]);
    return recorded ?? { recorded: [] };
  }

  /**
   * Records batches of several tenants in one commit, each with its tenant named, so that the policies bind every row
   * as they do for one. Answers in the order of `group`.
   *
   * @throws RangeError for more than 1,000 executions in one batch.
   */
  async recordTogether(group: readonly TenantBatch[]): Promise<readonly RecordedBatch[]> {
    if (group.some(({ batch }) => batch.executions.length > executionsPerBatchMax)) {
      throw new RangeError('too many executions in one batch');
    }
    if (group.length > tenantsTogetherMax) throw new RangeError('too many batches in one group');
    return inTransaction(this.pool, async (client) => {
      const fresh: (readonly ExecutionRecord[])[] = [];
      for (const { tenantId, batch } of group) fresh.push(await insertNew(client, tenantId, batch));
      const parts = group.flatMap((one, place) => {
        const executions = fresh[place] ?? [];
        return executions.length === 0 ? [] : [{ ...one, fresh: executions }];
      });
      for (const part of parts) await account(client, part);
      await this.#append(client, parts);
      return fresh.map((executions) => ({ recorded: executions.map((execution) => execution.id) }));
    });
  }

  /** Last, because it locks the tenants' chains until the commit. */
  async #append(client: pg.PoolClient, parts: readonly FreshBatch[]): Promise<void> {
    if (parts.length === 0) return;
    const tenants = [...new Set(parts.map(({ tenantId }) => tenantId))].join(',');
    await client.query("SELECT set_config('app.tenant_ids', $1, true)", [tenants]);
    const appends = parts.map(({ tenantId, batch, fresh }) => ({
      chain: tenantId,
      drafts: [auditDraft(fresh, batch)],
    }));
    await appendAuditBatch(runnerOf(client), appends, { seals: this.seals });
  }
}

interface FreshBatch extends TenantBatch {
  readonly fresh: readonly ExecutionRecord[];
}

async function insertNew(client: pg.PoolClient, tenantId: Id<'tenant'>, batch: RecordBatch) {
  const { targets, runs } = executionRows(batch.executions);
  const inserted = await client.query<{ id: string }>({
    name: 'record-runs',
    text: 'SELECT record_runs AS id FROM record_runs($1, $2, $3, $4)',
    values: [tenantId, targets, runs, JSON.stringify(workRows(batch))],
  });
  const fresh = new Set(inserted.rows.map((row) => row.id));
  // `delete` also drops the second of two equal ids in one batch, which Postgres inserted once.
  return batch.executions.filter((execution) => fresh.delete(execution.id));
}

async function account(client: pg.PoolClient, { tenantId, fresh }: FreshBatch): Promise<void> {
  await client.query(`SET LOCAL app.tenant_id = ${pg.escapeLiteral(tenantId)}`);
  const values = [JSON.stringify(usageOf(fresh)), tenantId];
  await client.query({ name: 'insert-usage', text: insertUsage, values });
}

/**
 * One entry for the batch: the chain vouches for each run and its output without growing by an entry per run. Of each
 * execution it has the id, which of `functions` (function and version), the outcome, the instructions, and the SHA-256
 * of the output.
 */
function auditDraft(fresh: readonly ExecutionRecord[], { actor = 'system', requestId }: RecordBatch): AuditDraft {
  const functions = new Map<string, number>();
  const executions = fresh.map(({ id, functionId, versionId, outcome, output, outputSha256, instructionsUsed }) => {
    const name = `${functionId} ${versionId}`;
    const place = functions.get(name) ?? functions.size;
    functions.set(name, place);
    const hash = outputSha256 ?? (output === undefined ? null : sha256(storableText(output)));
    return [id, place, outcome, instructionsUsed, hash];
  });
  return {
    actor,
    action: 'executions.recorded',
    target: fresh.length === 1 && fresh[0] !== undefined ? fresh[0].id : `${fresh.length} executions`,
    ...(requestId === undefined ? {} : { requestId }),
    details: { executions, functions: [...functions.keys()].map((name) => name.split(' ')) },
  };
}
