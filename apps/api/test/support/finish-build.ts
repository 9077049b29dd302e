import type { Id } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import { buildReport } from '@tenon/testing';

/** Makes an uploaded version ready, as a worker would after its build. */
export async function finishBuild(
  database: Database,
  tenantId: Id<'tenant'>,
  version: Id<'version'>,
  memoryBytesInitial = 65_536,
): Promise<void> {
  await database.withTenant(tenantId, (tx) =>
    tx.versions.finishBuild(version, {
      status: 'ready',
      artifactSha256: 'a'.repeat(64),
      artifactBytes: 10,
      engine: 'test-1',
      report: { ...buildReport, memoryBytesInitial },
    }),
  );
}
