import path from 'node:path';
import type { WorkerConfig } from '@tenon/config';
import { defaultRelaySettings, type RelaySettings } from '../relay/relay-settings.js';

/** The part of the configuration that features look at. */
export interface WorkerSettings {
  readonly internalHttp: {
    readonly host: string;
    readonly port: number;
    readonly token: string;
    /** Opens /metrics, beside the token. */
    readonly metricsToken?: string | undefined;
  };
  /** Jobs of events that run at once. */
  readonly jobsConcurrencyMax: number;
  /** Runs that are given to the sandboxes at once, over all jobs. */
  readonly runsConcurrencyMax: number;
  readonly relay: RelaySettings;
  /**
   * Where runs whose caller waits are kept until Postgres has them: a folder on a disk that outlives the process.
   * Without one, they are answered when Postgres has them.
   */
  readonly spoolFolder?: string;
  /** How long finished events and executions are kept, in days. */
  readonly keepDays: { readonly events: number; readonly executions: number };
  /** How long work in flight may go on after the worker was told to stop. */
  readonly shutdownGraceMs: number;
}

/**
 * More than there are guest threads: runs that are handed over together share a write to the pipe and a wake-up of
 * the sandbox, which together cost as much as a small run. What waits there is out of the reach of turns: it runs in the
 * order in which it was handed over, so a tenant that comes now waits for all of it.
 */
export const runsPerGuestThread = 16;

/**
 * Events in a worker's hands, per guest thread: with four threads that is four jobs of cheap events, which two processors
 * work off in some 50 ms. With half as many a worker waits for its commits: a backlog takes a sixth longer, and an event
 * of somebody else beside it is recorded some 10 ms earlier.
 */
export const eventsPerGuestThread = 100;

/**
 * The same while other tenants come with single events. A backlog is worked off at two thirds of its speed then, and
 * their slowest events take half as long.
 */
export const eventsPerGuestThreadBesideOthers = 25;

export function workerSettings(config: WorkerConfig): WorkerSettings {
  const { host, port, token } = config.internalHttp;
  const threads = config.sandbox.processes * config.sandbox.threadsPerProcess;
  return {
    internalHttp: { host, port, token: token.reveal(), metricsToken: config.metricsToken?.reveal() },
    jobsConcurrencyMax: config.executions.concurrency,
    runsConcurrencyMax: threads * runsPerGuestThread,
    relay: {
      ...defaultRelaySettings,
      eventsAtOnceMax: threads * eventsPerGuestThread,
      eventsBesideOthersMax: threads * eventsPerGuestThreadBesideOthers,
    },
    spoolFolder: path.join(config.storage.folder, 'spool'),
    keepDays: config.keepDays,
    shutdownGraceMs: config.shutdownGraceMs,
  };
}
