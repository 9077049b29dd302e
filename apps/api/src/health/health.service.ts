import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Readiness } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import type { QueueProducer } from '@tenon/queue';
import type { Storage } from '@tenon/storage';
import { DATABASE, QUEUE, STORAGE } from '../platform/tokens.js';

/** Whoever asks wants to know within this time; a part that needs longer is not ready. */
const checkTimeoutMs = 2_000;

@Injectable()
export class HealthService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(QUEUE) private readonly queue: QueueProducer,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  async readiness(): Promise<Readiness> {
    const [postgres, redis, storage] = await Promise.all([
      check(() => this.database.ping()),
      check(() => this.queue.ping()),
      check(() => this.storage.probe()),
    ]);
    const checks = { postgres, redis, storage };
    const ready = Object.values(checks).every((result) => result === 'ok');
    return { status: ready ? 'ready' : 'unavailable', checks };
  }
}

async function check(probe: () => Promise<void>): Promise<'ok' | 'failed'> {
  const stop = new AbortController();
  const late = delay(checkTimeoutMs, 'failed' as const, { signal: stop.signal }).catch(() => 'failed' as const);
  const answer = probe().then(
    () => 'ok' as const,
    () => 'failed' as const,
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    stop.abort();
  }
}
