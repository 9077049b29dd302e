import {
  createdKeySchema,
  extensionPointSchema,
  functionPageSchema,
  planSchema,
  scopes,
  tenantPageSchema,
  tenantSchema,
} from '@tenon/contracts';
import type { ApiClient } from './api-client.js';
import { createOperatorKey } from './database-setup.js';
import { demoFunctions, demoPoints } from './demo.js';
import { type DevFile, readDevFile, writeDevFile } from './dev-file.js';
import { isBuilt, seedFunction } from './seed-functions.js';

const demoPlan = 'demo';
/** What the api says to a key that it does not know, or no longer. */
const unknownKey = [401, 403];

/** What the first operator key is made with: it can't be asked for through the API. */
export interface SeedAccess {
  readonly runtimeUrl: string;
  readonly auditKeys: readonly Uint8Array[];
}

async function operatorKeyFor(api: ApiClient, kept: string | undefined, access: SeedAccess): Promise<string> {
  const works =
    kept !== undefined && (await api.get('/v1/tenants?limit=1', tenantPageSchema, kept, unknownKey)) !== undefined;
  return works ? kept : createOperatorKey(access.runtimeUrl, access.auditKeys, 'npm start');
}

async function seedTerms(api: ApiClient, key: string): Promise<void> {
  await api.call('PUT', `/v1/plans/${demoPlan}`, planSchema, { key, json: {} });
  for (const { name, terms } of demoPoints) {
    const route = `/v1/extension-points/${name}`;
    // One that is there stays as it is: somebody may have changed it to try something.
    if ((await api.get(route, extensionPointSchema, key)) !== undefined) continue;
    await api.call('PUT', route, extensionPointSchema, { key, json: terms });
  }
}

async function tenantFor(api: ApiClient, key: string, kept: string | undefined): Promise<string> {
  const found = kept === undefined ? undefined : await api.get(`/v1/tenants/${kept}`, tenantSchema, key, [400, 404]);
  if (found !== undefined) return found.id;
  const json = { name: 'Demo shop', plan: demoPlan };
  return (await api.call('POST', '/v1/tenants', tenantSchema, { key, json })).id;
}

async function tenantKeyFor(
  api: ApiClient,
  operatorKey: string,
  tenantId: string,
  kept: string | undefined,
): Promise<string> {
  const works =
    kept !== undefined && (await api.get('/v1/functions?limit=1', functionPageSchema, kept, unknownKey)) !== undefined;
  if (works) return kept;
  const json = { name: 'npm start', scopes };
  const created = await api.call('POST', `/v1/tenants/${tenantId}/keys`, createdKeySchema, { key: operatorKey, json });
  return created.key;
}

/**
 * Makes the demo operator and tenant, unless they are there from an earlier start, and leaves the keys in
 * `.tenon/dev.json`. Everything but the first operator key goes through the public API.
 */
export async function seed(api: ApiClient, access: SeedAccess, signal: AbortSignal): Promise<DevFile> {
  const kept = await readDevFile();
  const operatorKey = await operatorKeyFor(api, kept?.operatorKey, access);
  await seedTerms(api, operatorKey);
  const tenantId = await tenantFor(api, operatorKey, kept?.tenantId);
  const keptTenantKey = tenantId === kept?.tenantId ? kept.tenantKey : undefined;
  const tenantKey = await tenantKeyFor(api, operatorKey, tenantId, keptTenantKey);
  const dev: DevFile = { url: api.url, operatorKey, tenantId, tenantKey };
  await writeDevFile(dev);
  const seeded = await Promise.allSettled(
    demoFunctions.filter(isBuilt).map((demo) => seedFunction(api, tenantKey, demo, signal)),
  );
  // All of them have ended by now, so that a failure leaves no calls behind that would hold up the shutdown.
  for (const result of seeded) if (result.status === 'rejected') throw result.reason;
  return dev;
}
