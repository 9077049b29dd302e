import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { type ExecutionAnswer, type ExecutionsQuery, type Id, idTimeMs, ProblemError } from '@tenon/contracts';
import type { Database, StoredExecution } from '@tenon/database';
import type { Storage } from '@tenon/storage';
import { mapPage } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE, STORAGE } from '../platform/tokens.js';
import { filterOf } from './execution-filters.js';
import { summaryAnswer } from './summary-answer.js';

/** Larger than anything that a run may be given or return. */
const bodyBytesMax = 32_000_000;

/** The id of a run says when it began. What is not there after its deadline and a moment will hardly come. */
const youngMs = 2_000;
/** The pauses between questions for one that is so young. */
const waitsMs = [50, 100, 200];

/** What was recorded about runs. */
@Injectable()
export class ExecutionsService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  async get(caller: TenantCaller, id: Id<'execution'>): Promise<ExecutionAnswer> {
    const execution = await this.#found(caller.tenantId, id);
    if (execution === null) throw new ProblemError('not_found', 'There is no such execution.');
    const { inputPlace, outputPlace, inputSha256, outputSha256 } = execution;
    const [input, output] = await Promise.all([
      inputPlace === 'storage' ? this.#stored(inputSha256) : execution.input,
      outputPlace === 'storage' ? this.#stored(outputSha256) : execution.output,
    ]);
    return toAnswer({ ...execution, input, output });
  }

  /** A run whose caller waited is answered a moment before it is in Postgres: whoever asks for it at once waits for it. */
  async #found(tenantId: Id<'tenant'>, id: Id<'execution'>): Promise<StoredExecution | null> {
    for (const waitMs of waitsMs) {
      const found = await this.database.executions.find(tenantId, id);
      const ageMs = Date.now() - idTimeMs(id);
      if (found !== null || Math.abs(ageMs) > youngMs) return found;
      await delay(waitMs);
    }
    return this.database.executions.find(tenantId, id);
  }

  /** Large inputs and outputs are kept apart, under their hashes. */
  async #stored(sha256: string | null): Promise<string | null> {
    if (sha256 === null) return null;
    return Buffer.from(await this.storage.read(sha256, { bytesMax: bodyBytesMax })).toString('utf8');
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
    ...(execution.position === null ? {} : { position: execution.position }),
    ...(execution.inputSha256 === null ? {} : { inputSha256: execution.inputSha256 }),
    ...(execution.outputSha256 === null ? {} : { outputSha256: execution.outputSha256 }),
    clockMs: execution.clockMs,
    seed: execution.seed,
  };
}
