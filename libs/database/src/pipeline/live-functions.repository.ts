import { type Abi, type ExecutionLimits, executionLimitsSchema, type Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import type { FailurePolicy, JsonObject, PointMode } from '../repositories/extension-points.repository.js';

/** The contract that a function runs under. */
export interface RunnablePoint {
  readonly name: string;
  readonly version: number;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly eventTypes: readonly string[];
  readonly limits: ExecutionLimits;
  readonly mode: PointMode;
  readonly failurePolicy: FailurePolicy;
}

/** A version that can run, with all that a run needs to know. */
export interface RunnableFunction {
  readonly functionId: Id<'function'>;
  readonly functionName: string;
  readonly versionId: Id<'version'>;
  readonly artifactSha256: string;
  /** From the build report. */
  readonly abi: Abi;
  readonly engine: string | null;
  readonly point: RunnablePoint;
  /** The plan's ceilings; a run gets the smaller of these and the point's. */
  readonly planLimits: ExecutionLimits;
}

const runnable = `
  SELECT f.id AS "functionId", f.name AS "functionName", v.id AS "versionId", v.artifact_sha256 AS "artifactSha256",
         v.engine, v.report->>'abi' AS abi, p.execution_limits AS "planLimits", x.name, x.version, x.input_schema AS "inputSchema",
         x.output_schema AS "outputSchema", x.event_types AS "eventTypes", x.limits, x.mode,
         x.failure_policy AS "failurePolicy"
    FROM functions AS f
    JOIN extension_points AS x ON x.name = f.extension_point
    JOIN tenants AS t ON t.id = f.tenant_id
    JOIN plans AS p ON p.name = t.plan`;

const live = `${runnable}
    JOIN deployments AS d ON d.tenant_id = f.tenant_id AND d.id = f.live_deployment_id
    JOIN versions AS v ON v.tenant_id = f.tenant_id AND v.id = d.version_id
    WHERE f.tenant_id = $1 AND v.status = 'ready'`;

const oneVersion = `${runnable}
    JOIN versions AS v ON v.tenant_id = f.tenant_id AND v.function_id = f.id
    WHERE f.tenant_id = $1 AND v.status = 'ready' AND v.id = $2`;

/** Functions of one tenant in one answer; a plan allows fewer. */
const functionsMax = 10_000;

const liveByEventTypes = `${live} AND x.event_types && $2::text[] ORDER BY f.id LIMIT ${functionsMax}`;
const liveByPoint = `${live} AND x.name = $2 ORDER BY f.id LIMIT ${functionsMax}`;

/** What runs for a tenant, and what it runs under: one query for the worker's hot path. */
export class LiveFunctionsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Live functions of points that one of the types feeds, in the order in which they were created. */
  byEventTypes(tenantId: Id<'tenant'>, types: readonly string[]): Promise<readonly RunnableFunction[]> {
    return this.#read('live-by-event-types', liveByEventTypes, tenantId, types);
  }

  /** Live functions of one point, in the order in which they were created. */
  byPoint(tenantId: Id<'tenant'>, name: string): Promise<readonly RunnableFunction[]> {
    return this.#read('live-by-point', liveByPoint, tenantId, name);
  }

  /** One version that is ready, live or not: for tests and replays. */
  async byVersion(tenantId: Id<'tenant'>, versionId: Id<'version'>): Promise<RunnableFunction | null> {
    return (await this.#read('runnable-version', oneVersion, tenantId, versionId))[0] ?? null;
  }

  /** The statement has a name, so that Postgres plans these joins once per connection and not once per batch. */
  #read(
    name: string,
    text: string,
    tenantId: Id<'tenant'>,
    wanted: string | readonly string[],
  ): Promise<RunnableFunction[]> {
    return inTenant(this.pool, tenantId, async (client) => {
      const { rows } = await client.query<RunnableRow>({ name, text, values: [tenantId, wanted] });
      return rows.map(toRunnable);
    });
  }
}

type RunnableRow = Omit<RunnableFunction, 'point' | 'planLimits'> &
  Omit<RunnablePoint, 'limits'> & { readonly limits: unknown; readonly planLimits: unknown };

function toRunnable(row: RunnableRow): RunnableFunction {
  const { functionId, functionName, versionId, artifactSha256, abi, engine, limits, planLimits, ...point } = row;
  return {
    functionId,
    functionName,
    versionId,
    artifactSha256,
    abi,
    engine,
    point: { ...point, limits: executionLimitsSchema.parse(limits) },
    planLimits: executionLimitsSchema.parse(planLimits),
  };
}
