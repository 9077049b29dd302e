import type { BuildResult, ExecutionRequest, ExecutionResult } from '@tenon/contracts';
import type { SandboxPool } from '@tenon/sandbox';
import type { BuildsModules } from '../../src/builds/build.service.js';
import type { Artifact } from '../../src/executions/current-artifacts.js';
import type { RunsGuests, WarmsGuests } from '../../src/executions/function-runner.js';

/** Real sandboxes, of which a test wants to know how often they built, and which it may let fail. */
export class CountingBuilds implements RunsGuests, WarmsGuests, BuildsModules {
  builds = 0;
  /** Builds to come that end as if their process had been lost. */
  failures = 0;

  constructor(private readonly pool: SandboxPool) {}

  warm(artifact: Artifact): Promise<boolean> {
    return this.pool.warm(artifact);
  }

  execute(
    artifact: Artifact,
    request: ExecutionRequest,
    context: Parameters<RunsGuests['execute']>[2],
  ): Promise<ExecutionResult> {
    return this.pool.execute(artifact, request, context);
  }

  build(module: Uint8Array, options: object, context: { readonly tenantId: string }): Promise<BuildResult> {
    this.builds += 1;
    if (this.failures > 0) {
      this.failures -= 1;
      return Promise.resolve({ status: 'failed', message: 'The build sandbox ended.' });
    }
    return this.pool.build(module, options, context);
  }
}
