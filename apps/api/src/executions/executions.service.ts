import { Inject, Injectable } from '@nestjs/common';
import { type ExecutionAnswer, type ExecutionsQuery, type Id, ProblemError } from '@tenon/contracts';
import type { Database, StoredExecution } from '@tenon/database';
import { mapPage } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';
import { filterOf } from './execution-filters.js';
import { summaryAnswer } from './summary-answer.js';

/** What was recorded about runs. */
@Injectable()
export class ExecutionsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async get(caller: TenantCaller, id: Id<'execution'>): Promise<ExecutionAnswer> {
    const execution = await this.database.executions.find(caller.tenantId, id);
    if (execution === null) throw new ProblemError('not_found', 'There is no such execution.');
    return toAnswer(execution);
  }

  async list(caller: TenantCaller, query: ExecutionsQuery) {
    const { limit, cursor } = query;
    return mapPage(
      await this.database.executions.list(caller.tenantId, { ...filterOf(query), limit, cursor }),
      summaryAnswer,
    );
  }
}

function toAnswer(execution: StoredExecution): ExecutionAnswer {
  const { input, output, limit, exitCode, guestError, backtrace } = execution;
  return {
    ...summaryAnswer(execution),
    ...(input === null ? {} : { input: JSON.parse(input) }),
    ...(output === null ? {} : { output: JSON.parse(output) }),
    log: execution.log,
    logBytesDropped: execution.logBytesDropped,
    ...(limit == null ? {} : { limit }),
    ...(exitCode === null ? {} : { exitCode }),
    ...(guestError === null ? {} : { guestError }),
    ...(backtrace == null ? {} : { backtrace: [...backtrace] }),
    clockMs: execution.clockMs,
    seed: execution.seed,
  };
}
