import { apiConfig, ConfigError, storageLocation } from '@tenon/config';
import { Database, PrivilegeError } from '@tenon/database';
import { openFairQueue, openQueueProducer } from '@tenon/queue';
import { openQuotas } from '@tenon/quota';
import { openStorage } from '@tenon/storage';
import { createLogger } from '@tenon/telemetry';
import { AllowedTargets } from '@tenon/webhooks';
import { createApi } from './create-api.js';
import { stopOnSignal } from './platform/stop-on-signal.js';
import { createWorkerClient } from './platform/worker-client.js';
import { RunWorkers } from './runs/run-workers.js';
import { apiVersion } from './version.js';

/** Opens everything that the api stands on, listens, and closes it in reverse order when it is told to stop. */
async function main(): Promise<void> {
  const config = apiConfig(process.env);
  const logger = createLogger({ name: 'api', level: config.log.level });
  const onError = (part: string) => (error: Error) => logger.warn({ err: error, part }, 'a connection failed');
  const database = await Database.open({
    url: config.database.url.reveal(),
    applicationName: 'tenon-api',
    auditKeys: config.auditKeys,
    auditKeepDays: config.auditKeepDays,
    connectionsMax: config.database.connectionsMax,
    onIdleError: onError('postgres'),
  });
  const redis = { redisUrl: config.redis.url.reveal(), prefix: config.redis.prefix, onError: onError('redis') };
  const queue = openQueueProducer(redis);
  const fair = openFairQueue(redis);
  const quotas = openQuotas({ ...redis, source: database.quota });
  const storage = await openStorage(storageLocation(config.storage));
  const worker = createWorkerClient(config.worker);
  const runs = new RunWorkers({ urls: [config.worker.url], token: config.worker.token });
  const app = await createApi(
    {
      database,
      queue,
      fair,
      quotas,
      storage,
      sealer: config.sealer,
      deliveryTargets: new AllowedTargets(config.deliveryTargets),
      worker,
      runs,
      logger,
    },
    {
      version: apiVersion,
      trustProxy: config.http.trustProxy,
      metricsToken: config.metricsToken?.reveal(),
      publicUrl: config.http.publicUrl,
      sessions: config.sessions,
      oidc: config.oidc,
    },
  );
  stopOnSignal(logger, config.shutdownGraceMs, async () => {
    await app.close();
    runs.close();
    await Promise.all([queue.close(), fair.close(), quotas.close(), database.close()]);
  });
  await app.listen(config.http.port, config.http.host);
  logger.info({ url: await app.getUrl() }, 'listening');
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || error instanceof PrivilegeError;
  console.error(known ? error.message : error);
  process.exitCode = 1;
  // Pools and sockets that were opened before the failure must not keep the process alive.
  process.exit();
});
