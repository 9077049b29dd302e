import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { deploymentSchema, functionSchema, versionPageSchema, versionSchema } from '@tenon/contracts';
import type { z } from 'zod';
import type { ApiClient } from './api-client.js';
import type { demoFunctions } from './demo.js';
import { layout } from './layout.js';
import { StartError } from './supervisor.errors.js';
import { waitUntil } from './wait.js';

type DemoFunction = (typeof demoFunctions)[number];
type Version = z.output<typeof versionSchema>;

const buildTimeoutMs = 120_000;
const buildPollMs = 50;

async function upload(api: ApiClient, key: string, name: string, wasm: Uint8Array<ArrayBuffer>): Promise<Version> {
  const sha256 = createHash('sha256').update(wasm).digest('hex');
  const there = await api.call('GET', `/v1/functions/${name}/versions`, versionPageSchema, { key });
  const same = there.items.find(
    (version) => version.sha256 === sha256 && ['ready', 'building'].includes(version.status),
  );
  return same ?? api.call('POST', `/v1/functions/${name}/versions`, versionSchema, { key, wasm });
}

async function untilBuilt(api: ApiClient, key: string, version: Version, signal: AbortSignal): Promise<Version> {
  const route = `/v1/functions/${version.function}/versions/${version.id}`;
  const ask = async () => {
    const now = await api.call('GET', route, versionSchema, { key });
    return now.status === 'building' ? undefined : now;
  };
  const built = await waitUntil(`${version.function} to be built`, ask, {
    timeoutMs: buildTimeoutMs,
    intervalMs: buildPollMs,
    signal,
  });
  if (built.status === 'ready') return built;
  throw new StartError(
    `The sample function ${version.function} was not built (${built.status}): ${built.rejection?.message ?? 'see .tenon/logs/worker.log'}`,
  );
}

function moduleOf(example: string): string {
  return path.join(layout.examples, example, `${example}.wasm`);
}

/** Modules come with the repository; one that somebody removed to build it anew must not keep Tenon from starting. */
export function isBuilt({ example }: DemoFunction): boolean {
  return existsSync(moduleOf(example));
}

/** Uploads and activates the example, unless the function has a live version: that may be someone's own work. */
export async function seedFunction(
  api: ApiClient,
  key: string,
  { name, extensionPoint, example }: DemoFunction,
  signal: AbortSignal,
): Promise<void> {
  const found =
    (await api.get(`/v1/functions/${name}`, functionSchema, key)) ??
    (await api.call('POST', '/v1/functions', functionSchema, { key, json: { name, extensionPoint } }));
  if (found.liveVersion !== null) return;
  const wasm = new Uint8Array(await readFile(moduleOf(example)));
  const uploaded = await upload(api, key, name, wasm);
  const { id } = await untilBuilt(api, key, uploaded, signal);
  await api.call('POST', `/v1/functions/${name}/activate`, deploymentSchema, { key, json: { version: id } });
}
