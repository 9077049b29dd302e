import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';

/** What a function used in a span of time. */
export interface FunctionUsage {
  readonly functionId: Id<'function'>;
  readonly functionName: string;
  readonly executions: number;
  readonly succeeded: number;
  readonly failedGuest: number;
  readonly failedCaller: number;
  readonly failedOurs: number;
  readonly instructions: number;
  readonly fuel: number;
  readonly cpuUs: number;
}

const figures = 'executions, succeeded, failed_guest, failed_caller, failed_ours, instructions, fuel, cpu_us';

const used = `
  SELECT u.function_id AS "functionId", coalesce(f.name, u.function_id) AS "functionName",
         sum(executions)::bigint AS executions, sum(succeeded)::bigint AS succeeded,
         sum(failed_guest)::bigint AS "failedGuest", sum(failed_caller)::bigint AS "failedCaller",
         sum(failed_ours)::bigint AS "failedOurs", sum(instructions)::bigint AS instructions,
         sum(fuel)::bigint AS fuel, sum(cpu_us)::bigint AS "cpuUs"
    FROM (
      SELECT function_id, ${figures} FROM usage_hours WHERE tenant_id = $1 AND hour >= $2 AND hour < $3
      UNION ALL
      SELECT function_id, ${figures} FROM usage_deltas WHERE tenant_id = $1 AND hour >= $2 AND hour < $3
    ) AS u LEFT JOIN functions AS f ON f.tenant_id = $1 AND f.id = u.function_id
    GROUP BY u.function_id, f.name ORDER BY "functionName"`;

export class UsageRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Per function, in whole hours (UTC) that begin at `from` or later and before `to`. */
  perFunction(tenantId: Id<'tenant'>, from: Date, to: Date): Promise<readonly FunctionUsage[]> {
    return inTenant(this.pool, tenantId, async (client) => {
      return (await client.query<FunctionUsage>(used, [tenantId, from, to])).rows;
    });
  }
}
