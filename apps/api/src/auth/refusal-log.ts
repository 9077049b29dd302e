import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Id, JsonValue } from '@tenon/contracts';
import type { Database } from '@tenon/database';
import type { Logger } from '@tenon/telemetry';
import { DATABASE, LOGGER } from '../platform/tokens.js';
import { BoundedCache } from '../schemas/bounded-cache.js';

/** A refusal that a tenant or an operator should be able to look up later. */
export interface Refusal {
  /** Nobody's in particular: the operator's chain. */
  readonly tenantId: Id<'tenant'> | null;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly requestId: string;
  /** Beside it, such as where the request came from; no secrets. */
  readonly details?: { readonly [key: string]: JsonValue };
}

/** Whoever hammers a closed door gets one entry per this time, so that nobody can fill our disk with refusals. */
const repeatMs = 60_000;
const rememberedMax = 10_000;
const writingMax = 100;

/** Writes refusals to the audit log beside the answer: a refused request does not wait for it. */
@Injectable()
export class RefusalLog implements OnModuleDestroy {
  readonly #recent = new BoundedCache<string, true>(rememberedMax, repeatMs);
  readonly #writing = new Set<Promise<void>>();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  record(refusal: Refusal): void {
    const name = [refusal.tenantId, refusal.actor, refusal.action, refusal.target].join('\n');
    if (this.#recent.get(name) !== undefined) return;
    this.logger.warn({ ...refusal }, 'refused');
    if (this.#writing.size >= writingMax) return;
    this.#recent.set(name, true);
    const writing = this.#write(refusal).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** A stopping api writes first what it has refused. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.#writing);
  }

  async #write({ tenantId, ...draft }: Refusal): Promise<void> {
    try {
      if (tenantId === null) await this.database.asOperator((tx) => tx.audit.append(draft));
      else await this.database.withTenant(tenantId, (tx) => tx.audit.append(draft));
    } catch (error) {
      this.logger.error({ err: error }, 'a refusal could not be audited');
    }
  }
}
