import { storageLocation, type WorkerConfig } from '@tenon/config';
import { Database } from '@tenon/database';
import { openFairQueue, openQueueProducer, type QueueOptions } from '@tenon/queue';
import { openQuotas } from '@tenon/quota';
import { createSandboxPool } from '@tenon/sandbox';
import { openStorage } from '@tenon/storage';
import { createMetrics, type Logger } from '@tenon/telemetry';
import { AllowedTargets } from '@tenon/webhooks';
import { measuredSandbox } from './measured-sandbox.js';
import type { Platform } from './platform.module.js';
import { workerSettings } from './worker-settings.js';

/** A platform that has to be closed, after everything that stands on it. */
export interface OpenedPlatform {
  readonly platform: Platform;
  close(): Promise<void>;
}

/** Opens everything that the worker stands on, or nothing. @throws when a part can't be had. */
export async function openPlatform(config: WorkerConfig, logger: Logger): Promise<OpenedPlatform> {
  const closers: Array<() => Promise<void>> = [];
  const close = async () => {
    // Newest first, and all of them, whatever one of them throws.
    for (const closer of closers.splice(0).reverse()) {
      await closer().catch((error: unknown) => logger.warn({ err: error }, 'a part did not close cleanly'));
    }
  };
  try {
    const storage = await openStorage(storageLocation(config.storage));
    const database = await openDatabase(config, logger);
    closers.push(() => database.close());
    const queue = queueOptions(config, logger);
    const producer = openQueueProducer(queue);
    closers.push(() => producer.close());
    const settings = workerSettings(config);
    const fair = openFairQueue({ ...queue, settings: { leaseMs: settings.relay.leaseMs } });
    closers.push(() => fair.close());
    const quotas = openQuotas({ ...queue, source: database.quota });
    closers.push(() => quotas.close());
    const sandbox = createSandboxPool(sandboxOptions(config, logger));
    closers.push(() => sandbox.close());
    const metrics = createMetrics('worker');
    const measured = measuredSandbox(sandbox, metrics);
    const parts = { settings, database, queue, producer, fair, quotas, storage, sandbox: measured, logger, metrics };
    const deliveries = { sealer: config.sealer, allowed: new AllowedTargets(config.deliveryTargets) };
    return { platform: { ...parts, deliveries }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openDatabase(config: WorkerConfig, logger: Logger): Promise<Database> {
  return Database.open({
    url: config.database.url.reveal(),
    applicationName: 'tenon-worker',
    uses: ['app', 'recorder', 'scheduler', 'eraser', 'courier'],
    auditKeys: config.auditKeys,
    auditKeepDays: config.auditKeepDays,
    connectionsMax: config.database.connectionsMax,
    onIdleError: (error) => logger.warn({ err: error }, 'a connection to Postgres broke'),
  });
}

function queueOptions(config: WorkerConfig, logger: Logger): QueueOptions {
  return {
    redisUrl: config.redis.url.reveal(),
    prefix: config.redis.prefix,
    onError: (error) => logger.warn({ err: error }, 'Redis'),
  };
}

function sandboxOptions({ sandbox }: WorkerConfig, logger: Logger): Parameters<typeof createSandboxPool>[0] {
  const { processes, threadsPerProcess, uid, gid } = sandbox;
  return {
    processes,
    threadsPerProcess,
    logger,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}
