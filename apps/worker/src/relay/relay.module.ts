import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { FairQueue, QueueOptions, QueueProducer } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { CONFIG, DATABASE, FAIR_QUEUE, LOGGER, PRODUCER, QUEUE_OPTIONS } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { Dispatcher } from './dispatcher.js';
import { LeaseKeeper } from './lease-keeper.js';
import { lostBatch } from './lost-batch.js';
import { QueueSweep } from './queue-sweep.js';
import { RelayService } from './relay.service.js';

const leaseKeeper = {
  provide: LeaseKeeper,
  inject: [DATABASE, FAIR_QUEUE, PRODUCER, LOGGER],
  useFactory: (database: Database, fair: FairQueue, producer: QueueProducer, logger: Logger) =>
    new LeaseKeeper(database.outbox, fair, producer, (batch) => lostBatch(database, logger, batch)),
};

const relayService = {
  provide: RelayService,
  inject: [DATABASE, FAIR_QUEUE, PRODUCER, LeaseKeeper, QUEUE_OPTIONS, CONFIG, LOGGER],
  useFactory: (
    database: Database,
    fair: FairQueue,
    producer: QueueProducer,
    leases: LeaseKeeper,
    queue: QueueOptions,
    { relay, jobsConcurrencyMax }: WorkerSettings,
    logger: Logger,
  ) => {
    const dispatcher = new Dispatcher(fair, producer, { ...relay, jobsConcurrencyMax }, () => leases.load());
    leases.onBegun = (jobId) => dispatcher.begun(jobId);
    const onRedisEmpty = () => logger.warn('Redis is empty; the queue is made again from Postgres');
    const sweep = new QueueSweep(database.outbox, fair, producer, relay, onRedisEmpty);
    return new RelayService({ dispatcher, sweep, leases }, queue, relay, logger);
  },
};

/** Brings events from Postgres through the fair queue into BullMQ. */
@Module({ providers: [leaseKeeper, relayService], exports: [RelayService, LeaseKeeper] })
export class RelayModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(RelayService) private readonly relay: RelayService) {}

  onApplicationBootstrap(): void {
    this.relay.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.relay.stop();
  }
}
