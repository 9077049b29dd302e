import {
  type Abi,
  type Combination,
  type ExecutionLimits,
  executionLimitsSchema,
  type Id,
  type Isolation,
  type RecordingPolicy,
  type RetryPolicy,
  recordingPolicySchema,
  retryPolicySchema,
} from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';
import { currentSettingsId } from '../current-settings.js';
import type { FailurePolicy, JsonObject, PointMode } from '../repositories/extension-points.repository.js';
import type { OpenCircuit } from './breakers.repository.js';

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
  readonly combination: Combination;
  readonly retry: RetryPolicy;
  readonly recording: RecordingPolicy;
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
  /** Its place among the tenant's functions on the point, counted from 1; equal places go by the function's id. */
  readonly position: number;
  /** JSON text, exactly as the guest reads it; `guestConfig` of the contracts makes a run's `config` of it. */
  readonly settings: string | null;
  /** Which state of the settings that is, for the record of a run. */
  readonly settingsId: Id<'settings'> | null;
  readonly point: RunnablePoint;
  /** Absent while its circuit is closed. */
  readonly circuit?: Pick<OpenCircuit, 'versionId' | 'reason' | 'probeAt'> | undefined;
  /** The plan's ceilings; a run gets the smaller of these and the point's. */
  readonly planLimits: ExecutionLimits;
  /** Whether it runs in processes that serve its tenant alone. */
  readonly isolation: Isolation;
}

const runnable = `
  SELECT f.id AS "functionId", f.name AS "functionName", f.position, v.id AS "versionId",
         v.artifact_sha256 AS "artifactSha256", v.engine, v.report->>'abi' AS abi, s.id AS "settingsId",
         s.value AS settings, p.execution_limits AS "planLimits", p.isolation, x.name, x.version, x.input_schema AS "inputSchema",
         x.output_schema AS "outputSchema", x.event_types AS "eventTypes", x.limits, x.mode,
         x.failure_policy AS "failurePolicy", x.combination, x.retry, x.recording,
         b.version_id AS "brokenVersion", b.reason AS "brokenReason", b.probe_at AS "probeAt"
    FROM functions AS f
    JOIN extension_points AS x ON x.name = f.extension_point
    JOIN tenants AS t ON t.id = f.tenant_id
    JOIN plans AS p ON p.name = t.plan
    LEFT JOIN function_breakers AS b ON b.tenant_id = f.tenant_id AND b.function_id = f.id`;

const live = `${runnable}
    JOIN deployments AS d ON d.tenant_id = f.tenant_id AND d.id = f.live_deployment_id
    JOIN versions AS v ON v.tenant_id = f.tenant_id AND v.id = d.version_id
    LEFT JOIN function_settings AS s ON s.tenant_id = f.tenant_id AND s.id = d.settings_id
    WHERE f.tenant_id = $1 AND f.paused_at IS NULL AND f.archived_at IS NULL AND v.status = 'ready'`;

/** $3 is the id of settings, `current` for those that the function has now, or null for none. */
const oneVersion = `${runnable}
    JOIN versions AS v ON v.tenant_id = f.tenant_id AND v.function_id = f.id
    LEFT JOIN function_settings AS s ON s.tenant_id = f.tenant_id AND s.function_id = f.id
      AND s.id = CASE WHEN $3 = 'current' THEN ${currentSettingsId} ELSE $3 END
    WHERE f.tenant_id = $1 AND v.status = 'ready' AND v.archived_at IS NULL AND v.id = $2`;

/** Functions of one tenant in one answer; a plan allows fewer. */
const functionsMax = 10_000;

const inOrder = `ORDER BY x.name, f.position, f.id LIMIT ${functionsMax}`;
const liveByEventTypes = `${live} AND x.event_types && $2::text[] ${inOrder}`;
const liveByPoint = `${live} AND x.name = $2 ${inOrder}`;

const pointByName = `
  SELECT x.name, x.version, x.input_schema AS "inputSchema", x.output_schema AS "outputSchema",
         x.event_types AS "eventTypes", x.limits, x.mode, x.failure_policy AS "failurePolicy", x.combination, x.retry,
         x.recording
    FROM extension_points AS x WHERE x.name = $1`;

/** What runs for a tenant, and what it runs under: one query for the worker's hot path. */
export class LiveFunctionsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Live functions of points that one of the types feeds, by point and in their order. */
  byEventTypes(tenantId: Id<'tenant'>, types: readonly string[]): Promise<readonly RunnableFunction[]> {
    return this.#read('live-by-event-types', liveByEventTypes, [tenantId, types]);
  }

  /** Live functions of one point, in their order. */
  byPoint(tenantId: Id<'tenant'>, name: string): Promise<readonly RunnableFunction[]> {
    return this.#read('live-by-point', liveByPoint, [tenantId, name]);
  }

  /**
   * One version that is ready, live or not: for tests and replays.
   *
   * @param settings the state of the settings to run with; null for none; `current` for those that the function has
   */
  async byVersion(
    tenantId: Id<'tenant'>,
    versionId: Id<'version'>,
    settings: Id<'settings'> | 'current' | null = 'current',
  ): Promise<RunnableFunction | null> {
    return (await this.#read('runnable-version', oneVersion, [tenantId, versionId, settings]))[0] ?? null;
  }

  /** A point, also where the tenant has no function on it. */
  async point(tenantId: Id<'tenant'>, name: string): Promise<RunnablePoint | null> {
    return inTenant(this.pool, tenantId, async (client) => {
      const { rows } = await client.query<PointRow>({ name: 'runnable-point', text: pointByName, values: [name] });
      return rows.map(toPoint)[0] ?? null;
    });
  }

  /**
   * The numbers under which what is live for the tenants may be kept: they move with every change, in its transaction.
   * Read outside of a tenant; a number says nothing but that something changed.
   */
  async generations(tenantIds: readonly Id<'tenant'>[]): Promise<ReadonlyMap<Id<'tenant'>, string>> {
    const text = 'SELECT tenant, generation FROM live_generations_of($1)';
    const { rows } = await this.pool.query<{ tenant: Id<'tenant'>; generation: string }>({
      name: 'live-generations',
      text,
      values: [tenantIds],
    });
    return new Map(rows.map(({ tenant, generation }) => [tenant, generation]));
  }

  /** The statement has a name, so that Postgres plans these joins once per connection and not once per batch. */
  #read(
    name: string,
    text: string,
    values: readonly [Id<'tenant'>, ...(string | readonly string[] | null)[]],
  ): Promise<RunnableFunction[]> {
    return inTenant(this.pool, values[0], async (client) => {
      const { rows } = await client.query<RunnableRow>({ name, text, values: [...values] });
      return rows.map(toRunnable);
    });
  }
}

type PointRow = Omit<RunnablePoint, 'limits' | 'retry' | 'recording'> & {
  readonly limits: unknown;
  readonly retry: unknown;
  readonly recording: unknown;
};

type RunnableRow = Omit<RunnableFunction, 'point' | 'planLimits'> &
  PointRow & {
    readonly planLimits: unknown;
    readonly brokenVersion: Id<'version'> | null;
    readonly brokenReason: string | null;
    readonly probeAt: Date | null;
  };

function toRunnable(row: RunnableRow): RunnableFunction {
  const { functionId, functionName, versionId, artifactSha256, abi, engine, position, settings, settingsId } = row;
  return {
    functionId,
    functionName,
    versionId,
    artifactSha256,
    abi,
    engine,
    position,
    settings,
    settingsId,
    point: toPoint(row),
    planLimits: executionLimitsSchema.parse(row.planLimits),
    isolation: row.isolation,
    circuit: circuitOf(row),
  };
}

function toPoint(row: PointRow): RunnablePoint {
  const { name, version, inputSchema, outputSchema, eventTypes, mode, failurePolicy, combination } = row;
  return {
    ...{ name, version, inputSchema, outputSchema, eventTypes, mode, failurePolicy, combination },
    limits: executionLimitsSchema.parse(row.limits),
    retry: retryPolicySchema.parse(row.retry),
    recording: recordingPolicySchema.parse(row.recording),
  };
}

function circuitOf({ brokenVersion, brokenReason, probeAt }: RunnableRow): RunnableFunction['circuit'] {
  if (brokenVersion === null || brokenReason === null || probeAt === null) return undefined;
  return { versionId: brokenVersion, reason: brokenReason, probeAt };
}
