import type { BuildResult, ExecutionRequest, ExecutionResult } from '@tenon/contracts';
import { buildReport } from '@tenon/testing';
import type { BuildsModules } from '../../src/builds/build.service.js';
import type { Artifact } from '../../src/executions/current-artifacts.js';
import type { RunsGuests, WarmsGuests } from '../../src/executions/function-runner.js';

/** Stands in for sandboxes that fail on command, which real ones don't. It answers `answer`, whatever it is asked. */
export class ScriptedSandbox implements RunsGuests, WarmsGuests, BuildsModules {
  readonly requests: ExecutionRequest[] = [];
  /** What was to be prepared, by its hash. */
  readonly warmed: string[] = [];
  /** Who ran in processes of whose own. */
  readonly isolations: string[] = [];
  builds = 0;
  buildFailures = 0;
  runFailures = 0;
  answer = '{"discounts":[]}';
  /** Decides by the request; without it every run succeeds with `answer`. */
  answers: ((request: ExecutionRequest) => Pick<ExecutionResult, 'outcome' | 'output'>) | undefined;

  async warm({ id }: Artifact): Promise<boolean> {
    this.warmed.push(id);
    return true;
  }

  async execute(
    _artifact: object,
    request: ExecutionRequest,
    context: { readonly isolation: string },
  ): Promise<ExecutionResult> {
    this.requests.push(request);
    this.isolations.push(context.isolation);
    if (this.runFailures > 0) {
      this.runFailures -= 1;
      throw new Error('the sandbox is on fire');
    }
    const nothing = { logBytesDropped: 0, instructionsUsed: 0, fuelUsed: 0, memoryBytesPeak: 0, cpuUs: 0, wallUs: 0 };
    const end = this.answers?.(request) ?? { outcome: 'succeeded', output: this.answer };
    return { message: 'as it was told', log: '', ...nothing, ...end };
  }

  async build(module: Uint8Array): Promise<BuildResult> {
    this.builds += 1;
    if (this.buildFailures > 0) {
      this.buildFailures -= 1;
      return { status: 'failed', message: 'The build sandbox ended.' };
    }
    return { status: 'ready', artifact: module, report: buildReport };
  }
}
