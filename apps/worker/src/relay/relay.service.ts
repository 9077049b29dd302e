import { listenForRelayWake, type QueueOptions, type RelayWakeListener } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { WakeableLoop } from '../shared/wakeable-loop.js';
import type { OutboxFeeder } from './outbox-feeder.js';
import type { OutboxRecovery } from './outbox-recovery.js';
import type { RelaySettings } from './relay-settings.js';

/** Runs the feeder and the recovery until it is stopped. */
export class RelayService {
  private readonly feeding: WakeableLoop;
  private readonly recovering: WakeableLoop;
  private listener: RelayWakeListener | undefined;

  constructor(
    feeder: OutboxFeeder,
    recovery: OutboxRecovery,
    private readonly queue: QueueOptions,
    settings: RelaySettings,
    private readonly logger: Logger,
  ) {
    this.feeding = new WakeableLoop(() => feeder.step(), {
      pollMs: settings.pollMs,
      errorPauseMs: 100,
      onError: (error, failures) => logger.warn({ err: error, failures }, 'the relay could not feed events'),
    });
    this.recovering = new WakeableLoop(() => this.recover(recovery), {
      pollMs: settings.recoveryMs,
      errorPauseMs: 500,
      onError: (error, failures) => logger.warn({ err: error, failures }, 'the relay could not look for lost events'),
    });
  }

  start(): void {
    this.feeding.start();
    this.recovering.start();
    this.listener = listenForRelayWake(this.queue, () => this.feeding.wake());
  }

  /** A job has ended, so BullMQ may have room. */
  wake(): void {
    this.feeding.wake();
  }

  async stop(): Promise<void> {
    await this.listener?.close();
    await Promise.all([this.feeding.stop(), this.recovering.stop()]);
  }

  private async recover(recovery: OutboxRecovery) {
    const { redisWiped, released } = await recovery.look();
    if (released > 0) {
      this.logger.warn({ released, redisWiped }, 'events that no job carried are ready again');
      this.feeding.wake();
    }
    return 'idle' as const;
  }
}
