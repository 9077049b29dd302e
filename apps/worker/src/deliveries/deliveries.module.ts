import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { Storage } from '@tenon/storage';
import { Histogram, type Logger, type Registry } from '@tenon/telemetry';
import { resolveBySystem, WebhookSender } from '@tenon/webhooks';
import type { DeliveriesPlatform } from '../platform/platform.module.js';
import { DATABASE, DELIVERIES, LOGGER, METRICS, STORAGE } from '../platform/tokens.js';
import { type StepResult, WakeableLoop } from '../shared/wakeable-loop.js';
import { Courier } from './courier.js';

/** How long a result waits at most before somebody looks whether it is due. */
const lookMs = 500;
/** Standard Webhooks recommends 15 to 30 seconds. */
const attemptTimeoutMs = 15_000;
const forgetMs = 60 * 60 * 1_000;
/** Finished deliveries and their attempts are kept this long. */
const keptMs = 30 * 24 * 60 * 60 * 1_000;
const deliveriesPerForget = 5_000;

/** Whatever takes longer has been given up. */
const attemptBucketsS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

/** How many attempts there were, how they ended, and how long they took. */
function attemptMeasure(metrics: Registry) {
  const attempts = new Histogram({
    name: 'tenon_delivery_attempt_duration_seconds',
    help: 'Time of one attempt to deliver a result, by what the delivery was afterwards.',
    labelNames: ['status'],
    buckets: attemptBucketsS,
    registers: [metrics],
  });
  return (status: string, durationMs: number) => attempts.observe({ status }, durationMs / 1_000);
}

/** Sends results to the operator's endpoints. */
@Module({})
export class DeliveriesModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly courier: Courier | undefined;
  private readonly loops: readonly WakeableLoop[];

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(STORAGE) storage: Storage,
    @Inject(DELIVERIES) deliveries: DeliveriesPlatform | undefined,
    @Inject(LOGGER) logger: Logger,
    @Inject(METRICS) metrics: Registry,
  ) {
    const loop = (step: () => Promise<StepResult>, pollMs: number) =>
      new WakeableLoop(step, {
        pollMs,
        errorPauseMs: 1_000,
        onError: (error) => logger.warn({ err: error }, 'deliveries could not be looked after'),
      });
    if (deliveries === undefined) {
      this.loops = [];
      return;
    }
    const { sealer, allowed } = deliveries;
    const sender = new WebhookSender({ allowed, resolve: resolveBySystem, timeoutMs: attemptTimeoutMs });
    const onAttempt = attemptMeasure(metrics);
    const courier = new Courier({ database, storage, sealer, sender, logger, onAttempt });
    this.courier = courier;
    this.loops = [loop(() => courier.step(), lookMs), loop(() => this.forget(), forgetMs)];
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.courier?.stop();
  }

  private async forget(): Promise<StepResult> {
    const forgotten = await this.database.courier.forget(new Date(Date.now() - keptMs), deliveriesPerForget);
    return forgotten === deliveriesPerForget ? 'more' : 'idle';
  }
}
