import { Inject, Injectable } from '@nestjs/common';
import type { Database, ExtensionPoint } from '@tenon/database';
import { compileDataSchema, type DataSchema } from '@tenon/schemas';
import { DATABASE } from '../platform/tokens.js';
import { AnswerCache } from '../schemas/answer-cache.js';
import { BoundedCache } from '../schemas/bounded-cache.js';

/** A changed extension point takes this long at most until every api checks events against it. */
const cacheMs = 1_000;
const typesMax = 5_000;
const schemasMax = 500;
const knownTypesMax = 20;

/** An extension point that an event type feeds. */
export interface FedPoint {
  readonly name: string;
  readonly input: DataSchema;
}

/** Which extension points an event type feeds, and what their input must look like. */
@Injectable()
export class PointCatalog {
  readonly #byType = new AnswerCache<string, readonly FedPoint[]>(typesMax, cacheMs);
  readonly #schemas = new BoundedCache<string, DataSchema>(schemasMax, Number.POSITIVE_INFINITY);

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Concurrent questions about one type share one query; no promise for what is known. */
  fedBy(eventType: string): readonly FedPoint[] | Promise<readonly FedPoint[]> {
    return this.#byType.get(eventType, () => this.#find(eventType));
  }

  /** Some event types that feed a point, to help whoever sent one that feeds none. */
  async knownTypes(): Promise<readonly string[]> {
    const { items } = await this.database.asOperator((tx) => tx.extensionPoints.list({ limit: 200 }));
    return [...new Set(items.flatMap((point) => point.eventTypes))].sort().slice(0, knownTypesMax);
  }

  async #find(eventType: string): Promise<readonly FedPoint[]> {
    const points = await this.database.asOperator((tx) => tx.extensionPoints.fedBy([eventType]));
    return points.map((point) => ({ name: point.name, input: this.#inputOf(point) }));
  }

  #inputOf(point: ExtensionPoint): DataSchema {
    const name = `${point.id}@${point.version}`;
    const known = this.#schemas.get(name);
    if (known !== undefined) return known;
    const compiled = compileDataSchema(point.inputSchema as Parameters<typeof compileDataSchema>[0], '/inputSchema');
    this.#schemas.set(name, compiled);
    return compiled;
  }
}
