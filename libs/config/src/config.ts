import { ConfigError, type Environment, parseEnvironment } from './parse.js';
import { Sealer } from './sealer.js';
import type { Secret } from './secret.js';
import { masterKeys } from './values.js';
import type { ValuesOf } from './variables.js';

/** What api and worker both need. */
export interface CommonConfig {
  readonly database: { readonly url: Secret<string>; readonly connectionsMax: number };
  readonly redis: { readonly url: Secret<string>; readonly prefix: string };
  readonly storage: StorageConfig;
  /** Seals and opens secrets that are kept in the database. */
  readonly sealer: Sealer;
  /** Seal audit entries; see AuditSeals in @tenon/audit. */
  readonly auditKeys: readonly Uint8Array[];
  /** Targets of deliveries that are allowed although they are not public; read by AllowedTargets in @tenon/webhooks. */
  readonly deliveryTargets: readonly string[];
  /** Absent: audit entries are kept for ever. */
  readonly auditKeepDays: number | undefined;
  /** Opens /metrics, beside what always does. */
  readonly metricsToken: Secret<string> | undefined;
  readonly log: { readonly level: ValuesOf<'api'>['TENON_LOG_LEVEL'] };
  readonly shutdownGraceMs: number;
}

/** Where modules and artifacts are kept: in a bucket where one is named, else in a folder. */
export interface StorageConfig {
  readonly folder: string;
  readonly s3: S3Config | undefined;
}

export interface S3Config {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly prefix: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: Secret<string> } | undefined;
}

export interface ApiConfig extends CommonConfig {
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Without a slash at its end. */
    readonly publicUrl: string | undefined;
    readonly trustProxy: boolean;
  };
  /** How long sessions of the dashboard last. */
  readonly sessions: { readonly idleS: number; readonly lifetimeS: number };
  /** Absent: people sign in by password only. */
  readonly oidc: OidcConfig | undefined;
  /** Where runs go whose caller waits. */
  readonly worker: { readonly url: string; readonly token: Secret<string> };
}

/** The OpenID provider that people may sign in by. */
export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret<string>;
}

export interface WorkerConfig extends CommonConfig {
  readonly internalHttp: { readonly host: string; readonly port: number; readonly token: Secret<string> };
  readonly executions: { readonly concurrency: number };
  readonly keepDays: { readonly events: number; readonly executions: number };
  readonly sandbox: {
    readonly processes: number;
    readonly threadsPerProcess: number;
    readonly uid: number | undefined;
    readonly gid: number | undefined;
  };
}

/** Names what the keys are for, so that they tell nothing about those that seal secrets. */
const auditKeyPurpose = 'tenon/audit/v1';

function keysOf(masterKeys: readonly Uint8Array[]) {
  const sealer = new Sealer(masterKeys);
  return { sealer, auditKeys: sealer.deriveKeys(auditKeyPurpose) };
}

/**
 * The keys that api and worker seal audit entries with, for another process that appends to their chains.
 *
 * @param secretKey the text of TENON_SECRET_KEY
 * @throws ZodError when that is not one
 */
export function auditKeysFrom(secretKey: string): readonly Uint8Array[] {
  return keysOf(masterKeys.parse(secretKey)).auditKeys;
}

/** The storage with its secret in the open, for whoever opens it. */
export function storageLocation({ folder, s3 }: StorageConfig) {
  if (s3 === undefined) return { folder };
  const { credentials, endpoint, ...rest } = s3;
  const secretAccessKey = credentials?.secretAccessKey.reveal();
  return {
    folder,
    s3: {
      ...rest,
      endpoint,
      // Stores other than Amazon's seldom have a host name for every bucket.
      forcePathStyle: endpoint !== undefined,
      ...(credentials && secretAccessKey ? { credentials: { ...credentials, secretAccessKey } } : {}),
    },
  };
}

function storageConfig(values: ValuesOf<'api'> | ValuesOf<'worker'>): StorageConfig {
  const folder = values.TENON_DATA_DIR;
  const bucket = values.TENON_S3_BUCKET;
  if (bucket === undefined) return { folder, s3: undefined };
  const accessKeyId = values.TENON_S3_ACCESS_KEY_ID;
  const secretAccessKey = values.TENON_S3_SECRET_ACCESS_KEY;
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    const missing = accessKeyId === undefined ? 'TENON_S3_ACCESS_KEY_ID' : 'TENON_S3_SECRET_ACCESS_KEY';
    throw new ConfigError([`${missing}: is required: the key and its secret go together`]);
  }
  const credentials = accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
  const { TENON_S3_REGION: region, TENON_S3_ENDPOINT: endpoint, TENON_S3_PREFIX: prefix = '' } = values;
  return { folder, s3: { bucket, region, endpoint, prefix, credentials } };
}

function commonConfig(values: ValuesOf<'api'> | ValuesOf<'worker'>): CommonConfig {
  return {
    database: { url: values.DATABASE_URL, connectionsMax: values.TENON_DATABASE_CONNECTIONS_MAX },
    redis: { url: values.REDIS_URL, prefix: values.TENON_REDIS_PREFIX },
    storage: storageConfig(values),
    ...keysOf(values.TENON_SECRET_KEY),
    auditKeepDays: values.TENON_AUDIT_KEEP_DAYS,
    deliveryTargets: values.TENON_DELIVERY_TARGETS ?? [],
    metricsToken: values.TENON_METRICS_TOKEN,
    log: { level: values.TENON_LOG_LEVEL },
    shutdownGraceMs: values.TENON_SHUTDOWN_GRACE_MS,
  };
}

/**
 * The configuration of the api. Call it once, at boot.
 * @throws ConfigError that names every variable that is wrong.
 */
export function apiConfig(environment: Environment): ApiConfig {
  const values = parseEnvironment('api', environment);
  return {
    ...commonConfig(values),
    http: {
      host: values.TENON_HTTP_HOST,
      port: values.TENON_HTTP_PORT,
      publicUrl: values.TENON_PUBLIC_URL,
      trustProxy: values.TENON_TRUST_PROXY,
    },
    sessions: {
      idleS: values.TENON_SESSION_IDLE_MINUTES * 60,
      lifetimeS: values.TENON_SESSION_MAX_MINUTES * 60,
    },
    oidc: oidcConfig(values),
    worker: { url: values.TENON_WORKER_URL, token: values.TENON_INTERNAL_TOKEN },
  };
}

/** All of it or nothing: half a provider is a mistake that would show only when somebody signs in. */
function oidcConfig(values: ValuesOf<'api'>): OidcConfig | undefined {
  const { TENON_OIDC_ISSUER: issuer, TENON_OIDC_CLIENT_ID: clientId, TENON_OIDC_CLIENT_SECRET: clientSecret } = values;
  if (issuer === undefined && clientId === undefined && clientSecret === undefined) return undefined;
  if (issuer !== undefined && clientId !== undefined && clientSecret !== undefined && values.TENON_PUBLIC_URL) {
    return { issuer, clientId, clientSecret };
  }
  const needed = 'set TENON_OIDC_ISSUER, TENON_OIDC_CLIENT_ID, TENON_OIDC_CLIENT_SECRET and TENON_PUBLIC_URL, or none';
  throw new ConfigError([needed]);
}

/**
 * The configuration of the worker. Call it once, at boot.
 * @throws ConfigError that names every variable that is wrong.
 */
export function workerConfig(environment: Environment): WorkerConfig {
  const values = parseEnvironment('worker', environment);
  return {
    ...commonConfig(values),
    internalHttp: {
      host: values.TENON_WORKER_HOST,
      port: values.TENON_WORKER_PORT,
      token: values.TENON_INTERNAL_TOKEN,
    },
    executions: { concurrency: values.TENON_EXECUTION_CONCURRENCY },
    keepDays: { events: values.TENON_EVENTS_KEEP_DAYS, executions: values.TENON_EXECUTIONS_KEEP_DAYS },
    sandbox: {
      processes: values.TENON_SANDBOX_PROCESSES,
      threadsPerProcess: values.TENON_SANDBOX_THREADS,
      uid: values.TENON_SANDBOX_UID,
      gid: values.TENON_SANDBOX_GID,
    },
  };
}
