import { type AuditDraft, type AuditSeals, linkAppends, lockAuditHeads, type SqlRunner } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import pg from 'pg';
import { inPipeline } from '../connection/transaction.js';
import type { ExecutionRecord } from './execution-record.js';
import type { RecordBatch, RecordedBatch, TenantBatch } from './record-batch.js';
import { auditRows, doneRows, executionRows, inOrderOfIds, otherRows, sha256 } from './record-rows.js';
import { storableText } from './storable.js';
import { usageOf } from './usage-delta.js';

/** Executions in one call; a micro-batch is far smaller. */
export const executionsPerBatchMax = 1_000;
/**
 * Batches in one commit. Each is a subtransaction, and of so many Postgres remembers that they belong to one transaction
 * (`PGPROC_MAX_CACHED_SUBXIDS`); with one more, whoever reads anything meanwhile has to look that up.
 */
export const batchesTogetherMax = 64;

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
   * @throws RangeError for more than 64 batches, or 1,000 executions in one of them.
   */
  async recordTogether(group: readonly TenantBatch[]): Promise<readonly RecordedBatch[]> {
    if (group.some(({ batch }) => batch.executions.length > executionsPerBatchMax)) {
      throw new RangeError('too many executions in one batch');
    }
    if (group.length > batchesTogetherMax) throw new RangeError('too many batches in one group');
    if (group.length === 0) return [];
    const tenants = [...new Set(group.map(({ tenantId }) => tenantId))];
    const named = `SET LOCAL app.tenant_ids = ${pg.escapeLiteral(tenants.join(','))}`;
    return inPipeline(this.pool, named, async (client) => {
      // In one order of tenants, so that groups with the same runs wait for each other instead of locking each other out.
      const inserting = new Array<Promise<readonly ExecutionRecord[]>>(group.length);
      for (const [place, { tenantId, batch }] of inOrderOfTenants(group)) {
        inserting[place] = insertNew(client, tenantId, batch);
      }
      // Last, because it locks the tenants' chains until the commit.
      const locking = lockAuditHeads(namedRunner(client), tenants);
      const [heads, ...fresh] = await Promise.all([locking, ...inserting]);
      const parts = group.flatMap((one, place) => {
        const executions = fresh[place] ?? [];
        return executions.length === 0 ? [] : [{ ...one, fresh: executions }];
      });
      const result = fresh.map((executions) => ({ recorded: executions.map((execution) => execution.id) }));
      return { result, last: this.#accountOf(parts, heads) };
    });
  }

  #accountOf(parts: readonly FreshBatch[], heads: Heads): pg.QueryConfig | undefined {
    if (parts.length === 0) return undefined;
    const appends = parts.map(({ tenantId, batch, fresh }) => ({
      chain: tenantId,
      drafts: [auditDraft(fresh, batch)],
    }));
    const entries = linkAppends(heads, appends, { seals: this.seals });
    const tenants = parts.map(({ tenantId }) => tenantId);
    const usage = parts.map(({ fresh }) => JSON.stringify(usageOf(fresh)));
    const { texts, seqs } = auditRows(entries);
    const text = 'SELECT account_runs($1, $2, $3, $4)';
    return { name: 'account-runs', text, values: [tenants, usage, texts, seqs] };
  }
}

type Heads = Awaited<ReturnType<typeof lockAuditHeads>>;

interface FreshBatch extends TenantBatch {
  readonly fresh: readonly ExecutionRecord[];
}

function inOrderOfTenants(group: readonly TenantBatch[]): [number, TenantBatch][] {
  return [...group.entries()].sort(([, a], [, b]) => (a.tenantId < b.tenantId ? -1 : Number(a.tenantId > b.tenantId)));
}

/** Writes what is new, and gives it back. */
async function insertNew(client: pg.PoolClient, tenantId: Id<'tenant'>, batch: RecordBatch) {
  const executions = inOrderOfIds(batch.executions);
  const { targets, texts, figures, hashes, rests } = executionRows(executions);
  const done = doneRows(batch.doneEvents);
  const known = await client.query<{ id: string }>({
    name: 'record-runs',
    text: 'SELECT record_runs AS id FROM record_runs($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
    values: [
      ...[tenantId, done.ids, done.attempts, done.until, otherRows(batch)],
      ...[targets, texts, figures, hashes, rests],
    ],
  });
  if (known.rows.length === 0) return executions;
  const old = new Set(known.rows.map((row) => row.id));
  return executions.filter(({ id }) => !old.has(id));
}

/** Every commit asks the same, so Postgres need not plan it anew. */
function namedRunner(client: pg.PoolClient): SqlRunner {
  const name = 'lock-audit-heads';
  return {
    query: async (text, values) =>
      (await client.query<Record<string, unknown>>({ name, text, values: [...values] })).rows,
  };
}

/**
 * One entry for the batch: the chain vouches for each run and its output without growing by an entry per run. Of each
 * execution it has the id, which of `functions` (function and version), the outcome, the instructions, and the SHA-256
 * of the output.
 */
function auditDraft(fresh: readonly ExecutionRecord[], { actor = 'system', requestId }: RecordBatch): AuditDraft {
  const functions = new Map<string, number>();
  let last: ExecutionRecord | undefined;
  let place = 0;
  const executions = fresh.map((execution) => {
    const { functionId, versionId, output, outputSha256 } = execution;
    if (last?.versionId !== versionId || last.functionId !== functionId) {
      const name = `${functionId} ${versionId}`;
      place = functions.get(name) ?? functions.size;
      functions.set(name, place);
    }
    last = execution;
    const hash = outputSha256 ?? (output === undefined ? null : sha256(storableText(output)));
    return [execution.id, place, execution.outcome, execution.instructionsUsed, hash];
  });
  return {
    actor,
    action: 'executions.recorded',
    target: fresh.length === 1 && fresh[0] !== undefined ? fresh[0].id : `${fresh.length} executions`,
    ...(requestId === undefined ? {} : { requestId }),
    details: { executions, functions: [...functions.keys()].map((name) => name.split(' ')) },
  };
}
