import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { Storage } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import { DATABASE, LOGGER, STORAGE } from '../platform/tokens.js';
import { WakeableLoop } from '../shared/wakeable-loop.js';
import { StorageCollection } from './storage-collection.js';

/** Every worker looks; several at once do no harm, because each object is removed under a lock of its own. */
const collectMs = 60 * 60 * 1_000;

/** Keeps the storage free of what nothing needs, for as long as the worker runs. */
@Injectable()
export class StorageCollector implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: WakeableLoop;

  constructor(@Inject(STORAGE) storage: Storage, @Inject(DATABASE) database: Database, @Inject(LOGGER) logger: Logger) {
    const collection = new StorageCollection(storage, database);
    const step = async () => {
      const removed = await collection.collect();
      if (removed > 0) logger.info({ removed }, 'objects that nothing needed were removed from the storage');
      return 'idle' as const;
    };
    this.loop = new WakeableLoop(step, {
      pollMs: collectMs,
      errorPauseMs: 60_000,
      onError: (error) => logger.warn({ err: error }, 'the storage could not be searched for what nothing needs'),
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }
}
