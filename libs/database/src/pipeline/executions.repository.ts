import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import type { Page, PageRequest } from '../page.js';
import type { ExecutionFilter } from './execution-filter.js';
import { listExecutions, summary } from './execution-list.js';
import type { ExecutionSummary, StoredExecution } from './execution-record.js';

// What the function read is not written twice: where it was the data of its event, it is read from there.
const inputText = `CASE input_place WHEN 'event' THEN (SELECT e.data FROM events AS e
  WHERE e.tenant_id = executions.tenant_id AND e.id = executions.event_id) ELSE input END AS input`;

const everything = `${summary}, ${inputText}, output, log, log_bytes_dropped AS "logBytesDropped",
  limit_reached AS "limit", exit_code AS "exitCode", guest_error AS "guestError", backtrace, clock_ms AS "clockMs",
  seed, engine, position, encode(input_sha256, 'hex') AS "inputSha256", encode(output_sha256, 'hex') AS "outputSha256",
  input_place AS "inputPlace", output_place AS "outputPlace",
  settings_id AS "settingsId"`;

/** What was recorded, read-only, one tenant at a time. */
export class ExecutionsRepository {
  constructor(private readonly pool: pg.Pool) {}

  find(tenantId: Id<'tenant'>, id: Id<'execution'>): Promise<StoredExecution | null> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = `SELECT ${everything} FROM executions WHERE tenant_id = $1 AND id = $2`;
      return (await client.query<StoredExecution>(text, [tenantId, id])).rows[0] ?? null;
    });
  }

  /**
   * Newest first, by the time of the event. What one call reads is bounded: a page may hold less than `limit`, or
   * nothing, and yet have a `next` where there may be more.
   */
  list(tenantId: Id<'tenant'>, page: PageRequest & ExecutionFilter): Promise<Page<ExecutionSummary>> {
    return inTenant(this.pool, tenantId, (client) => listExecutions(client, tenantId, page));
  }
}
