import { type Id, jsonObjectSchema } from '@tenon/contracts';
import type { Database, RunnableFunction, RunnablePoint } from '@tenon/database';
import { compileDataSchema, type DataSchema } from '@tenon/schemas';
import { BoundedCache } from '../shared/bounded-cache.js';
import { SharedQuestions } from './shared-questions.js';

/** A point with what is live on it for one tenant. */
export interface LivePoint {
  readonly point: RunnablePoint;
  readonly functions: readonly RunnableFunction[];
  readonly input: DataSchema;
}

/** Points of tenants in memory; those that nobody asks for go after a while. */
const pointsMax = 20_000;
const schemasMax = 500;
const ttlMs = 10 * 60_000;
/**
 * Under load a question is for all runs of two milliseconds: what they run meanwhile takes about as long. Several are
 * under way at once, so that a slow answer keeps only its own runs waiting.
 */
const sharing = { keysMax: 500, everyMs: 2, underWayMax: 4 };

interface Known {
  readonly generation: string;
  readonly live: Promise<LivePoint | null>;
  /** Once it is read. */
  found?: LivePoint;
}

/** What is live, as far as it is known, and what is live for sure. */
export interface LookedUp {
  /** What was live a moment ago: to begin with, and good only if it is `current` in the end. */
  readonly lately: LivePoint | undefined;
  /** Null where there is no such point. Rejects with what Postgres throws. */
  readonly current: Promise<LivePoint | null>;
}

type Repository = Pick<Database['liveFunctions'], 'byPoint' | 'point' | 'generations'>;

/**
 * What is live on a point. It is kept under a number that moves in the transaction of every change, and the number is
 * read after each request came: an activation that was answered before a run was sent is seen by that run.
 */
export class LivePoints {
  private readonly known = new BoundedCache<string, Known>(pointsMax, ttlMs);
  private readonly schemas = new BoundedCache<string, DataSchema>(schemasMax, ttlMs);
  private readonly generations: SharedQuestions<Id<'tenant'>, string>;

  constructor(private readonly repository: Repository) {
    this.generations = new SharedQuestions(async (tenants) => {
      const found = await repository.generations([...tenants.keys()]);
      return (tenantId) => found.get(tenantId) ?? '';
    }, sharing);
  }

  find(tenantId: Id<'tenant'>, name: string): LookedUp {
    const key = `${tenantId} ${name}`;
    return { lately: this.known.get(key)?.found, current: this.current(tenantId, name, key) };
  }

  private async current(tenantId: Id<'tenant'>, name: string, key: string): Promise<LivePoint | null> {
    const generation = await this.generations.ask(tenantId);
    const known = this.known.get(key);
    if (known?.generation === generation) return known.live;
    const live = this.read(tenantId, name);
    const next: Known = { generation, live };
    this.known.set(key, next);
    live.then(
      (found) => {
        // What is not there is not kept: names are the caller's, and would fill the memory.
        if (found === null) this.known.delete(key);
        else next.found = found;
      },
      () => this.known.delete(key),
    );
    return live;
  }

  private async read(tenantId: Id<'tenant'>, name: string): Promise<LivePoint | null> {
    const functions = await this.repository.byPoint(tenantId, name);
    const point = functions[0]?.point ?? (await this.repository.point(tenantId, name));
    return point === null ? null : { point, functions, input: this.inputOf(point) };
  }

  private inputOf({ name, version, inputSchema }: RunnablePoint): DataSchema {
    const key = `${name}@${version}`;
    const known = this.schemas.get(key);
    if (known !== undefined) return known;
    const compiled = compileDataSchema(jsonObjectSchema.parse(inputSchema), '/inputSchema');
    this.schemas.set(key, compiled);
    return compiled;
  }
}
