import { Inject, Injectable } from '@nestjs/common';
import { ProblemError, type UsageAnswer, type UsageQuery } from '@tenon/contracts';
import type { Database, FunctionUsage } from '@tenon/database';
import type { Quotas } from '@tenon/quota';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE, QUOTAS } from '../platform/tokens.js';

const hourMs = 3_600_000;
const spanMsDefault = 30 * 24 * hourMs;

/** What a tenant's functions used, and where it stands with its quotas. */
@Injectable()
export class UsageService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(QUOTAS) private readonly quotas: Quotas,
  ) {}

  /** Usage is kept by the hour, so the span is widened to whole hours; the answer says which. */
  async get(caller: TenantCaller, query: UsageQuery): Promise<UsageAnswer> {
    const { from, to } = wholeHours(query, Date.now());
    const [rows, quotas] = await Promise.all([
      this.database.usage.perFunction(caller.tenantId, from, to),
      this.quotas.states(caller.tenantId),
    ]);
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      quotas: [...quotas],
      total: rows.map(figuresOf).reduce(add, nothing),
      functions: rows.map((row) => ({
        functionId: row.functionId,
        function: row.functionName,
        ...figuresOf(row),
      })),
    };
  }
}

type Figures = UsageAnswer['total'];

const nothing: Figures = {
  executions: 0,
  succeeded: 0,
  failed: { guest: 0, caller: 0, ours: 0 },
  instructions: 0,
  fuel: 0,
  cpuUs: 0,
};

function wholeHours(query: UsageQuery, nowMs: number): { from: Date; to: Date } {
  const toMs = Math.ceil((query.to === undefined ? nowMs + 1 : Date.parse(query.to)) / hourMs) * hourMs;
  const fromMs = query.from === undefined ? toMs - spanMsDefault : Date.parse(query.from);
  const from = new Date(Math.floor(fromMs / hourMs) * hourMs);
  if (from.getTime() < toMs) return { from, to: new Date(toMs) };
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: '/query/from', message: 'expected a time before "to"' },
  ]);
}

function figuresOf(row: FunctionUsage): Figures {
  const { executions, succeeded, failedGuest, failedCaller, failedOurs, instructions, fuel, cpuUs } = row;
  const failed = { guest: failedGuest, caller: failedCaller, ours: failedOurs };
  return { executions, succeeded, failed, instructions, fuel, cpuUs };
}

function add(a: Figures, b: Figures): Figures {
  return {
    executions: a.executions + b.executions,
    succeeded: a.succeeded + b.succeeded,
    failed: {
      guest: a.failed.guest + b.failed.guest,
      caller: a.failed.caller + b.failed.caller,
      ours: a.failed.ours + b.failed.ours,
    },
    instructions: a.instructions + b.instructions,
    fuel: a.fuel + b.fuel,
    cpuUs: a.cpuUs + b.cpuUs,
  };
}
