import { Inject, Injectable } from '@nestjs/common';
import { type Id, ProblemError, type ReplayAnswer, type ReplayBody } from '@tenon/contracts';
import type { Database, StoredExecution } from '@tenon/database';
import type { Storage } from '@tenon/storage';
import { auditOf } from '../auth/audit-draft.js';
import { ExecutionsService } from '../executions/executions.service.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE, STORAGE, WORKER } from '../platform/tokens.js';
import type { WorkerClient } from '../platform/worker-client.js';
import { jsonPatch } from './json-patch.js';

/** Steps of a difference that are shown. */
const stepsMax = 200;
/** Larger than anything that a run may be given or return. */
const bodyBytesMax = 32_000_000;

/** Runs recorded executions again. */
@Injectable()
export class ReplaysService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(WORKER) private readonly worker: WorkerClient,
    private readonly executions: ExecutionsService,
  ) {}

  /** @throws ProblemError `not_found`, `version_not_ready`, `input_not_kept` or `unavailable` */
  async replay(caller: TenantCaller, id: Id<'execution'>, wanted: ReplayBody): Promise<ReplayAnswer> {
    const { tenantId } = caller;
    const original = await this.#find(tenantId, id);
    const input = wanted.input === undefined ? await this.#inputOf(original) : JSON.stringify(wanted.input);
    const versionId = wanted.version ?? original.versionId;
    await this.#prepare(caller, original, versionId, wanted.input !== undefined);
    const { functionId, clockMs, seed, settingsId, position } = original;
    const again = { functionId, clockMs: Number(clockMs), seed, settingsId, position };
    const replayId = await this.worker.testRun({ tenantId, versionId, input, again, actor: caller.actor });
    const replay = await this.#find(tenantId, replayId);
    const isSame = versionId === original.versionId && wanted.input === undefined;
    return this.#compared(caller, original, replay, isSame);
  }

  async #find(tenantId: Id<'tenant'>, id: Id<'execution'>): Promise<StoredExecution> {
    const found = await this.database.executions.find(tenantId, id);
    if (found === null) throw new ProblemError('not_found', 'There is no such execution.');
    return found;
  }

  async #prepare(caller: TenantCaller, original: StoredExecution, versionId: Id<'version'>, hasInput: boolean) {
    await this.database.withTenant(caller.tenantId, async (tx) => {
      const version = await tx.versions.findOf(original.functionId, versionId);
      if (version === null) throw new ProblemError('not_found', 'There is no such version.');
      if (version.status !== 'ready') throw new ProblemError('version_not_ready', `The version is ${version.status}.`);
      const details = { version: versionId, input: hasInput ? 'another' : 'the same' };
      await tx.audit.append(auditOf(caller, 'execution.replayed', original.id, details));
    });
  }

  async #inputOf({ input, inputPlace, inputSha256 }: StoredExecution): Promise<string> {
    const text = input ?? (inputPlace === 'storage' ? await this.#stored(inputSha256) : null);
    if (text !== null) return text;
    throw new ProblemError('input_not_kept', 'The input of this execution was not kept; send one as "input".');
  }

  async #outputOf({ output, outputPlace, outputSha256 }: StoredExecution): Promise<string | null> {
    return output ?? (outputPlace === 'storage' ? this.#stored(outputSha256) : null);
  }

  /** Null where the storage has lost it: what is left is its hash. */
  async #stored(sha256: string | null): Promise<string | null> {
    if (sha256 === null) return null;
    const bytes = await this.storage.read(sha256, { bytesMax: bodyBytesMax }).catch(() => null);
    return bytes === null ? null : Buffer.from(bytes).toString();
  }

  async #compared(
    caller: TenantCaller,
    original: StoredExecution,
    replay: StoredExecution,
    isSame: boolean,
  ): Promise<ReplayAnswer> {
    const same = {
      outcome: original.outcome === replay.outcome,
      // Hashes are there whatever the point keeps; a run without an output has none.
      output: original.outputSha256 === replay.outputSha256,
      instructionsUsed: original.instructionsUsed === replay.instructionsUsed,
    };
    const [before, after] = await Promise.all([this.#outputOf(original), this.#outputOf(replay)]);
    const patch = before === null || after === null ? null : jsonPatch(JSON.parse(before), JSON.parse(after), stepsMax);
    const figure = (name: Figure) => figureOf(original[name], replay[name]);
    return {
      reproduced: isSame ? same.outcome && same.output && same.instructionsUsed : null,
      same,
      original: await this.executions.get(caller, original.id),
      replay: await this.executions.get(caller, replay.id),
      difference: {
        output: patch === null ? null : [...patch.steps],
        outputCut: patch?.cut ?? false,
        instructionsUsed: figure('instructionsUsed'),
        fuelUsed: figure('fuelUsed'),
        memoryBytesPeak: figure('memoryBytesPeak'),
        cpuUs: figure('cpuUs'),
        wallUs: figure('wallUs'),
      },
    };
  }
}

type Figure = 'instructionsUsed' | 'fuelUsed' | 'memoryBytesPeak' | 'cpuUs' | 'wallUs';

function figureOf(original: number, replay: number) {
  return { original, replay, difference: replay - original };
}
