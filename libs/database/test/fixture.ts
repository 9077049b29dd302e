import { randomBytes } from 'node:crypto';
import { defaultExecutionLimits, executionIdFor, type Id, newId } from '@tenon/contracts';
import {
  Database,
  type DatabaseUse,
  type ExecutionRecord,
  type ExtensionPointTerms,
  type NewEvent,
  type ReadyBuild,
} from '@tenon/database';
import { buildReport } from '@tenon/testing';

export const auditKeys = [Buffer.alloc(32, 3)];

export function openTestDatabase(url: string, uses: readonly DatabaseUse[] = ['app', 'recorder', 'scheduler']) {
  return Database.open({ url, applicationName: 'tenon-test', uses, connectionsMax: 4, auditKeys });
}

export const pointTerms: ExtensionPointTerms = {
  inputSchema: { type: 'object' },
  outputSchema: { type: 'object' },
  eventTypes: ['cart.updated'],
  limits: defaultExecutionLimits,
  mode: 'async',
  failurePolicy: 'open',
};

export const randomHex = (bytes = 32) => randomBytes(bytes).toString('hex');

export function readyBuild(): ReadyBuild {
  return {
    status: 'ready',
    artifactSha256: randomHex(),
    artifactBytes: 10,
    engine: 'test-1',
    report: buildReport,
  };
}

export function newEvent(change: Partial<NewEvent> = {}): NewEvent {
  return {
    source: '/shop',
    sourceEventId: randomHex(8),
    type: 'cart.updated',
    data: '{"lines":[]}',
    origin: 'rest',
    ...change,
  };
}

/** The tenant's live function with all that leads to it. */
export interface TenantWorld {
  readonly tenantId: Id<'tenant'>;
  readonly functionId: Id<'function'>;
  readonly functionName: string;
  readonly versionId: Id<'version'>;
}

export async function createWorld(database: Database, name = 'Tea Shop'): Promise<TenantWorld> {
  const tenant = await database.asOperator(async (tx) => {
    if ((await tx.extensionPoints.find('cart.discounts')) === null) {
      await tx.extensionPoints.put('cart.discounts', pointTerms);
    }
    return tx.tenants.create({ name, plan: 'default' });
  });
  return database.withTenant(tenant.id, async (tx) => {
    const created = await tx.functions.create({ name: 'volume-discount', extensionPoint: 'cart.discounts' });
    const version = await tx.versions.create({ functionId: created.id, sha256: randomHex(), bytes: 8 });
    await tx.versions.finishBuild(version.id, readyBuild());
    await tx.deployments.activate(created.id, version.id, 'key_test');
    return { tenantId: tenant.id, functionId: created.id, functionName: created.name, versionId: version.id };
  });
}

export function executionOf(
  world: TenantWorld,
  eventId: Id<'event'> = newId('event'),
  change: Partial<ExecutionRecord> = {},
): ExecutionRecord {
  return {
    id: executionIdFor(eventId, world.functionId, 1),
    kind: 'event',
    eventId,
    functionId: world.functionId,
    functionName: world.functionName,
    versionId: world.versionId,
    extensionPoint: 'cart.discounts',
    attempt: 1,
    outcome: 'succeeded',
    message: 'The function returned an output.',
    input: '{"lines":[]}',
    output: '{"discounts":[]}',
    log: 'hello\n',
    logBytesDropped: 0,
    instructionsUsed: 1_000,
    fuelUsed: 1_100,
    memoryBytesPeak: 65_536,
    cpuUs: 120,
    wallUs: 150,
    clockMs: 1_700_000_000_000,
    seed: randomHex(),
    startedAt: new Date(),
    ...change,
  };
}

/** The same run, ended badly. */
export function failedExecutionOf(
  world: TenantWorld,
  change: Partial<ExecutionRecord> & Pick<ExecutionRecord, 'outcome'>,
): ExecutionRecord {
  const { output: _none, ...execution } = executionOf(world, undefined, change);
  return execution;
}
