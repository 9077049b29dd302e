import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { QueueOptions, QueueProducer } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { CONFIG, DATABASE, LOGGER, PRODUCER, QUEUE_OPTIONS } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { OutboxFeeder } from './outbox-feeder.js';
import { OutboxRecovery } from './outbox-recovery.js';
import { RelayService } from './relay.service.js';

const relayService = {
  provide: RelayService,
  inject: [DATABASE, PRODUCER, QUEUE_OPTIONS, CONFIG, LOGGER],
  useFactory: (
    database: Database,
    producer: QueueProducer,
    queue: QueueOptions,
    { relay }: WorkerSettings,
    logger: Logger,
  ) => {
    const feeder = new OutboxFeeder(database.outbox, producer, relay);
    const recovery = new OutboxRecovery(database.outbox, producer, relay);
    return new RelayService(feeder, recovery, queue, relay, logger);
  },
};

/** Moves events from Postgres into BullMQ. */
@Module({ providers: [relayService], exports: [RelayService] })
export class RelayModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(RelayService) private readonly relay: RelayService) {}

  onApplicationBootstrap(): void {
    this.relay.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.relay.stop();
  }
}
