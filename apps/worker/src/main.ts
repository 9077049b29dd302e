import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { workerConfig } from '@tenon/config';
import { createLogger, type Logger, NestLogger } from '@tenon/telemetry';
import { openPlatform } from './platform/open-platform.js';
import { workerModule } from './worker.module.js';

/** On top of the grace for work in flight: closing connections and sandboxes takes a moment, too. */
const closeMsMax = 5_000;

async function main(): Promise<void> {
  const config = workerConfig(process.env);
  const logger = createLogger({ name: 'worker', level: config.log.level });
  const opened = await openPlatform(config, logger);
  const app = await NestFactory.createApplicationContext(workerModule(opened.platform), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  const stop = async () => {
    await app.close();
    await opened.close();
  };
  endOnSignal(stop, config.shutdownGraceMs + closeMsMax, logger);
  logger.info('the worker is ready');
}

/** Drains on the first signal, and ends at once on the second one or when draining takes too long. */
function endOnSignal(stop: () => Promise<void>, timeoutMs: number, logger: Logger): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'the worker stops');
    setTimeout(() => process.exit(1), timeoutMs).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'the worker did not stop cleanly');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal);
}

main().catch((error: unknown) => {
  // Before there is a configuration there is no logger; whoever starts the process reads this.
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
