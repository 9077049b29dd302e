import { setTimeout as delay } from 'node:timers/promises';
import type { Id } from '@tenon/contracts';
import type { ExecutionRecord } from '@tenon/database';
import type { Logger } from '@tenon/telemetry';
import type { GroupRecorder } from '../executions/group-recorder.js';
import type { LargeBodies } from '../executions/large-bodies.js';
import { isRefused } from '../executions/refused.js';
import type { RunSpool, SpoolPlace } from './run-spool.js';

/** The records of one run, and who asked for it. */
export interface RunRecords {
  readonly tenantId: Id<'tenant'>;
  readonly actor: string;
  readonly executions: readonly ExecutionRecord[];
}

interface Kept {
  readonly run: RunRecords;
  readonly line: string;
  readonly place: SpoolPlace;
  /** Told when it is recorded, or set aside. */
  readonly onRecorded?: (() => void) | undefined;
}

/** Rows of one commit. They are made in one go, and runs that are answered meanwhile wait for that. */
const executionsMax = 500;
/** So many need not wait for more. */
const executionsEnough = 200;
/** Rows of one batch; that of a single run may have more. */
const rowsMax = 500;
/** What was kept waits this long for more to share its commit: a commit costs as much as ten runs, whatever is in it. */
const gatherMs = 100;
/** What processes left behind that are gone is looked for this often, and read while no more than so many runs wait. */
const recoverMs = 60_000;
const recoverAheadMax = 5_000;
/** Kept on the disk and not yet in Postgres, beyond which no further run is taken. */
const waitingRunsMax = 50_000;
const waitingCharactersMax = 200_000_000;
/** Postgres is asked again after this long; it doubles with every failure. */
const pauseMs = 250;
const pauseMsMax = 5_000;

export interface RunRecorderParts {
  /** Without one, a run is answered when Postgres has it. */
  readonly spool: RunSpool | undefined;
  readonly recorder: Pick<GroupRecorder, 'record'>;
  readonly bodies: Pick<LargeBodies, 'move'>;
  readonly logger: Logger;
}

/**
 * Records runs whose caller waits. They are kept on the disk before their answer and in Postgres a moment later, many
 * in one commit. What was kept by a process that is gone is recorded by the next one; ids make that harmless where it
 * had been recorded already.
 */
export class RunRecorder {
  private waiting: Kept[] = [];
  private characters = 0;
  private draining: Promise<void> | undefined;
  private recovering: Promise<void> | undefined;
  private watching: NodeJS.Timeout | undefined;
  private readonly stopped = new AbortController();

  constructor(private readonly parts: RunRecorderParts) {}

  /** Whether more waits for Postgres than may. */
  isFull(): boolean {
    return this.waiting.length >= waitingRunsMax || this.characters >= waitingCharactersMax;
  }

  /**
   * Resolves once nothing can lose the records, with false where there are none.
   *
   * @param onRecorded - told when they are in Postgres, or refused by it
   * @throws where neither disk nor Postgres takes them
   */
  async keep(run: RunRecords, onRecorded?: () => void): Promise<boolean> {
    if (run.executions.length === 0) return false;
    const { spool } = this.parts;
    if (spool === undefined) {
      await this.record(run.tenantId, run.actor, [run]);
      onRecorded?.();
      return true;
    }
    const line = lineOf(run);
    this.add({ run, line, place: await spool.append(line), onRecorded });
    return true;
  }

  /** Records what processes left behind that are gone, now and again: another host's file is nobody's only after a while. */
  watch(): void {
    const look = () => {
      this.recover().catch((error: unknown) => {
        this.parts.logger.error({ err: error }, 'what an earlier process kept could not be read');
      });
    };
    look();
    this.watching = setInterval(look, recoverMs).unref();
  }

  /** Puts what processes left behind that are gone among what is to be recorded. */
  recover(): Promise<void> {
    this.recovering ??= this.recoverAll().finally(() => {
      this.recovering = undefined;
    });
    return this.recovering;
  }

  /** Records what it can; what is left stays on the disk. */
  async stop(): Promise<void> {
    clearInterval(this.watching);
    this.stopped.abort();
    await this.recovering?.catch(() => undefined);
    await this.draining;
    await this.parts.spool?.close();
  }

  private async recoverAll(): Promise<void> {
    const { spool, logger } = this.parts;
    if (spool === undefined) return;
    for await (const { lines, place } of spool.leftOvers()) {
      logger.info({ runs: lines.length }, 'runs that were kept and not recorded are recorded now');
      for (const line of lines) await this.addAgain(line, place);
      while (this.waiting.length > recoverAheadMax && !this.stopped.signal.aborted) await this.pause(gatherMs);
      if (this.stopped.signal.aborted) return;
    }
  }

  private async addAgain(line: string, place: SpoolPlace): Promise<void> {
    const run = readLine(line);
    if (run !== undefined) this.add({ run, line, place });
    else {
      this.parts.logger.error({ file: place.file }, 'a line that was kept can not be read; it was set aside');
      await this.parts.spool?.setAside(line);
      await this.parts.spool?.settle(place);
    }
  }

  private add(kept: Kept): void {
    this.waiting.push(kept);
    this.characters += kept.line.length;
    this.draining ??= this.drain().finally(() => {
      this.draining = undefined;
    });
  }

  private async drain(): Promise<void> {
    let failures = 0;
    while (this.waiting.length > 0) {
      if (this.waiting.length < executionsEnough) await this.pause(gatherMs);
      const part = this.take();
      try {
        await this.recordPart(part);
        failures = 0;
      } catch (error) {
        this.waiting = [...part, ...this.waiting];
        failures += 1;
        this.parts.logger.warn({ err: error, runs: this.waiting.length }, 'runs could not be recorded yet');
        if (this.stopped.signal.aborted) return;
        await this.pause(Math.min(pauseMs * 2 ** (failures - 1), pauseMsMax));
        continue;
      }
      for (const { line } of part) this.characters -= line.length;
      await this.settle(part);
    }
  }

  /** Ends early where the process is to end. */
  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.stopped.signal }).catch(() => undefined);
  }

  private take(): Kept[] {
    let executions = 0;
    let runs = 0;
    for (const { run } of this.waiting) {
      if (runs > 0 && executions + run.executions.length > executionsMax) break;
      executions += run.executions.length;
      runs += 1;
    }
    return this.waiting.splice(0, runs);
  }

  private async recordPart(part: readonly Kept[]): Promise<void> {
    const groups = Map.groupBy(part, ({ run }) => `${run.tenantId} ${run.actor}`);
    await Promise.all([...groups.values()].map((group) => this.recordGroup(group)));
  }

  /** What Postgres refuses for what it is must not keep the others waiting. */
  private async recordGroup(group: readonly Kept[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const { tenantId, actor } = first.run;
    try {
      await this.record(
        tenantId,
        actor,
        group.map(({ run }) => run),
      );
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (group.length > 1) {
        for (const one of group) await this.recordGroup([one]);
        return;
      }
      this.parts.logger.error({ err: error, tenantId }, 'a run can not be recorded; it was set aside');
      await this.parts.spool?.setAside(first.line);
    }
  }

  /** A run of many functions has more executions than one commit takes; ids make a part that comes again harmless. */
  private async record(tenantId: Id<'tenant'>, actor: string, runs: readonly RunRecords[]): Promise<void> {
    const executions = runs.flatMap((run) => run.executions);
    for (let at = 0; at < executions.length; at += rowsMax) {
      const part = { executions: executions.slice(at, at + rowsMax), runs: at === 0 ? runs.length : 0, actor };
      await this.parts.recorder.record(tenantId, await this.parts.bodies.move(part));
    }
  }

  private async settle(part: readonly Kept[]): Promise<void> {
    const places = new Map<SpoolPlace, number>();
    for (const { place, onRecorded } of part) {
      places.set(place, (places.get(place) ?? 0) + 1);
      onRecorded?.();
    }
    for (const [place, lines] of places) await this.parts.spool?.settle(place, lines);
  }
}

/** Times are numbers in it: V8 writes objects without a method of their own for it in half the time. */
function lineOf(run: RunRecords): string {
  const executions = run.executions.map((one) => ({ ...one, startedAt: one.startedAt.getTime() }));
  return JSON.stringify({ ...run, executions });
}

/** Undefined for a line that the disk has spoilt. */
function readLine(line: string): RunRecords | undefined {
  try {
    const run: RunRecords = JSON.parse(line);
    return { ...run, executions: run.executions.map((one) => ({ ...one, startedAt: new Date(one.startedAt) })) };
  } catch {
    return undefined;
  }
}
