import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@tenon/database';
import type { Logger } from '@tenon/telemetry';
import { CONFIG, DATABASE, LOGGER } from '../platform/tokens.js';
import type { WorkerSettings } from '../platform/worker-settings.js';
import { type StepResult, WakeableLoop } from '../shared/wakeable-loop.js';

const rollUpMs = 10_000;
const rowsPerRollUp = 10_000;
/** Partitions are made a week ahead, so an hourly look has many chances. */
const partitionsMs = 60 * 60 * 1_000;
/** Idempotency keys are kept for a day; a minute more does no harm. */
const forgetMs = 60_000;
const keysPerForget = 5_000;
/** Audit entries are kept for months; an hour more does no harm. */
const pruneAuditMs = 60 * 60 * 1_000;

/** What is old is kept for days; an hour more does no harm. */
const retentionMs = 60 * 60 * 1_000;
const rowsPerRetention = 10_000;

/** Housekeeping in Postgres. Several workers may do it at once: each statement takes what no other has. */
@Module({})
export class MaintenanceModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loops: readonly WakeableLoop[];

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CONFIG) private readonly settings: WorkerSettings,
    @Inject(LOGGER) logger: Logger,
  ) {
    const loop = (step: () => Promise<StepResult>, pollMs: number) =>
      new WakeableLoop(step, {
        pollMs,
        errorPauseMs: 1_000,
        onError: (error) => logger.warn({ err: error }, 'housekeeping failed'),
      });
    this.loops = [
      loop(() => this.rollUp(), rollUpMs),
      loop(() => this.makePartitions(), partitionsMs),
      loop(() => this.forgetKeys(), forgetMs),
      loop(() => this.pruneAudit(), pruneAuditMs),
      loop(() => this.forgetOld(), retentionMs),
    ];
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  private async rollUp(): Promise<StepResult> {
    const folded = await this.database.maintenance.rollUpUsage(rowsPerRollUp);
    const closed = (await this.database.maintenance.closeHour()) || (await this.database.maintenance.closeDay());
    return folded === rowsPerRollUp || closed ? 'more' : 'idle';
  }

  private async makePartitions(): Promise<StepResult> {
    await this.database.maintenance.ensureExecutionPartitions();
    await this.database.maintenance.keepStatistics();
    return 'idle';
  }

  private async forgetKeys(): Promise<StepResult> {
    const forgotten = await this.database.idempotency.forget(keysPerForget);
    return forgotten === keysPerForget ? 'more' : 'idle';
  }

  private async pruneAudit(): Promise<StepResult> {
    const since = this.database.auditKeptSince();
    return since !== undefined && (await this.database.maintenance.pruneAudit(since)) > 0 ? 'more' : 'idle';
  }

  private async forgetOld(): Promise<StepResult> {
    const { events, executions } = this.settings.keepDays;
    await this.database.maintenance.dropOldExecutions(executions, rowsPerRetention);
    const forgotten = await this.database.maintenance.forgetEvents(events, rowsPerRetention);
    return forgotten === rowsPerRetention ? 'more' : 'idle';
  }
}
