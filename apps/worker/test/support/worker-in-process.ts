import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { createSandboxPool } from '@tenon/sandbox';
import { createLogger } from '@tenon/telemetry';
import type { Platform } from '../../src/platform/platform.module.js';
import type { WorkerSettings } from '../../src/platform/worker-settings.js';
import { defaultRelaySettings } from '../../src/relay/relay-settings.js';
import { workerModule } from '../../src/worker.module.js';
import type { Shop } from './shop.js';

export const internalToken = 'internal-token-for-tests-0123456789';

export interface RunningWorker {
  stop(): Promise<void>;
}

const settings: WorkerSettings = {
  internalHttp: { host: '127.0.0.1', port: 0, token: internalToken },
  jobsConcurrencyMax: 4,
  runsConcurrencyMax: 16,
  relay: defaultRelaySettings,
  keepDays: { events: 30, executions: 90 },
  shutdownGraceMs: 2_000,
};

/** The whole worker inside the test process, with real sandboxes unless the test brings its own. */
export async function startWorker(shop: Shop, changes: Partial<Platform> = {}): Promise<RunningWorker> {
  const level = process.env.TENON_LOG_LEVEL ?? 'silent';
  const pool = changes.sandbox === undefined ? createSandboxPool({ processes: 1, threadsPerProcess: 2 }) : undefined;
  const sandbox = changes.sandbox ?? pool;
  if (sandbox === undefined) throw new Error('no sandbox');
  const { database, queue, producer, fair, quotas, storage } = shop;
  const logger = createLogger({ name: 'worker', level });
  const platform: Platform = {
    settings,
    database,
    queue,
    producer,
    fair,
    quotas,
    storage,
    sandbox,
    logger,
    ...changes,
  };
  const app = await NestFactory.createApplicationContext(workerModule(platform), {
    logger: false,
    abortOnError: false,
  });
  return {
    stop: async () => {
      await app.close();
      await pool?.close();
    },
  };
}
