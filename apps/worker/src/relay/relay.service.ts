import { listenForRelayWake, type QueueOptions, type RelayWakeListener } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';
import { type StepResult, WakeableLoop } from '../shared/wakeable-loop.js';
import type { Dispatcher } from './dispatcher.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { QueueSweep } from './queue-sweep.js';
import type { RelaySettings } from './relay-settings.js';

export interface RelayParts {
  readonly dispatcher: Pick<Dispatcher, 'step' | 'newcomer'>;
  readonly sweep: Pick<QueueSweep, 'step'>;
  readonly leases: Pick<LeaseKeeper, 'renew' | 'recover'>;
}

/** Runs the parts of the relay until it is stopped. */
export class RelayService {
  private readonly dispatcher: RelayParts['dispatcher'];
  private readonly dispatching: WakeableLoop;
  private readonly others: readonly WakeableLoop[];
  private listener: RelayWakeListener | undefined;

  constructor(
    { dispatcher, sweep, leases }: RelayParts,
    private readonly queue: QueueOptions,
    settings: RelaySettings,
    private readonly logger: Logger,
  ) {
    this.dispatcher = dispatcher;
    this.dispatching = this.loop(() => dispatcher.step(), settings.pollMs, 'the relay could not dispatch events');
    const sweeping = async () => {
      const result = await sweep.step();
      this.dispatching.wake();
      return result;
    };
    this.others = [
      this.loop(sweeping, settings.sweepMs, 'the relay could not compare Postgres with the queue'),
      this.loop(() => leases.renew(), settings.renewMs, 'the leases of jobs could not be renewed'),
      this.loop(() => leases.recover(), settings.recoveryMs, 'the relay could not look for lost jobs'),
    ];
  }

  start(): void {
    for (const loop of [this.dispatching, ...this.others]) loop.start();
    this.listener = listenForRelayWake(this.queue, (isNewcomer) => {
      if (isNewcomer) this.dispatcher.newcomer();
      this.dispatching.wake();
    });
  }

  /** A job has ended, so BullMQ may have room; or there is something new in line. */
  wake(): void {
    this.dispatching.wake();
  }

  async stop(): Promise<void> {
    await this.listener?.close();
    await Promise.all([this.dispatching, ...this.others].map((loop) => loop.stop()));
  }

  private loop(step: () => Promise<StepResult>, pollMs: number, complaint: string): WakeableLoop {
    const onError = (error: unknown, failures: number) => this.logger.warn({ err: error, failures }, complaint);
    return new WakeableLoop(step, { pollMs, errorPauseMs: 100, onError });
  }
}
