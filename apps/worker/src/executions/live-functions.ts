import type { Id } from '@tenon/contracts';
import type { Database, RunnableFunction } from '@tenon/database';
import { BoundedCache } from '../shared/bounded-cache.js';

/** Lists in memory, one per tenant and set of event types; a list has a few functions. */
const listsMax = 20_000;
/** A list that nobody asks for any more goes after a while. */
const listTtlMs = 10 * 60 * 1_000;

interface Known {
  readonly generation: string;
  readonly functions: Promise<readonly RunnableFunction[]>;
}

/**
 * What is live for a tenant, kept under the generation that came with its events. A change moves the generation in its
 * own transaction, so a list is never older than an event that was sent after the change was answered.
 */
export class LiveFunctions {
  private readonly known = new BoundedCache<string, Known>(listsMax, listTtlMs);

  constructor(private readonly repository: Pick<Database['liveFunctions'], 'byEventTypes'>) {}

  /** Live functions of points that `type` feeds, in the order in which they run. */
  async fedBy(tenantId: Id<'tenant'>, generation: string, type: string): Promise<readonly RunnableFunction[]> {
    const key = `${tenantId} ${type}`;
    const known = this.known.get(key);
    if (known?.generation === generation) return known.functions;
    const functions = this.repository.byEventTypes(tenantId, [type]);
    this.known.set(key, { generation, functions });
    functions.catch(() => this.known.delete(key));
    return functions;
  }
}
