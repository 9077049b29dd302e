import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type BuildProgress, type Id, ProblemError } from '@tenon/contracts';
import type { TenantCaller } from '../http/caller.js';
import { VersionsService } from './versions.service.js';

/** Streams of one api process: each asks Postgres twice a second. */
const streamsMax = 100;
const streamsPerTenantMax = 10;
const askMs = 500;
/** Often enough for proxies, which close connections on which nothing moves for a minute. */
const heartbeatMs = 15_000;
/** A stream ends after this; a browser then opens it again by itself. */
const streamMs = 10 * 60_000;

/**
 * Tells how a build goes. It asks Postgres, where every worker writes it, so it does not matter which api process a
 * stream runs in or which worker builds.
 */
@Injectable()
export class BuildProgressService implements OnModuleDestroy {
  readonly #streams = new Map<Id<'tenant'>, number>();
  readonly #stopping = new AbortController();
  #open = 0;

  constructor(private readonly versions: VersionsService) {}

  /** Ends the streams, so that the server can close. */
  onModuleDestroy(): void {
    this.#stopping.abort();
  }

  /**
   * Server-sent events as text: `progress` whenever something changed, and `end` with the last state.
   *
   * @throws ProblemError `not_found`, or `rate_limited` where the tenant watches too many builds already
   */
  async watch(caller: TenantCaller, name: string, id: Id<'version'>): Promise<Readable> {
    const first = await this.versions.progress(caller, name, id);
    const ofTenant = this.#streams.get(caller.tenantId) ?? 0;
    if (ofTenant >= streamsPerTenantMax || this.#open >= streamsMax) {
      throw new ProblemError('rate_limited', `At most ${streamsPerTenantMax} builds of a tenant are watched at once.`);
    }
    this.#count(caller.tenantId, 1);
    const stream = Readable.from(this.#events(first, () => this.versions.progress(caller, name, id)));
    return stream.once('close', () => this.#count(caller.tenantId, -1));
  }

  async *#events(first: BuildProgress, ask: () => Promise<BuildProgress>): AsyncGenerator<string> {
    const untilMs = Date.now() + streamMs;
    let said = first;
    let saidMs = Date.now();
    yield `retry: 1000\n\n${eventOf(first)}`;
    while (said.stage !== 'ended' && Date.now() < untilMs && (await this.#waited())) {
      const now = await ask();
      if (now.stage !== said.stage || now.attempts !== said.attempts) yield eventOf(now);
      else if (Date.now() - saidMs < heartbeatMs) continue;
      else yield ': still there\n\n';
      said = now;
      saidMs = Date.now();
    }
  }

  async #waited(): Promise<boolean> {
    const { signal } = this.#stopping;
    return pause(askMs, true, { signal }).catch(() => false);
  }

  #count(tenantId: Id<'tenant'>, by: 1 | -1): void {
    this.#open += by;
    const count = (this.#streams.get(tenantId) ?? 0) + by;
    if (count > 0) this.#streams.set(tenantId, count);
    else this.#streams.delete(tenantId);
  }
}

function eventOf(progress: BuildProgress): string {
  return `event: ${progress.stage === 'ended' ? 'end' : 'progress'}\ndata: ${JSON.stringify(progress)}\n\n`;
}
