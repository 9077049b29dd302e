import { type Environment, parseEnvironment } from './parse.js';
import { Sealer } from './sealer.js';
import type { Secret } from './secret.js';
import type { ValuesOf } from './variables.js';

/** What api and worker both need. */
export interface CommonConfig {
  readonly database: { readonly url: Secret<string>; readonly connectionsMax: number };
  readonly redis: { readonly url: Secret<string>; readonly prefix: string };
  readonly storage: { readonly folder: string };
  /** Seals and opens secrets that are kept in the database. */
  readonly sealer: Sealer;
  readonly log: { readonly level: ValuesOf<'api'>['TENON_LOG_LEVEL'] };
  readonly shutdownGraceMs: number;
}

export interface ApiConfig extends CommonConfig {
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Without a slash at its end. */
    readonly publicUrl: string | undefined;
    readonly trustProxy: boolean;
  };
  /** Where runs go whose caller waits. */
  readonly worker: { readonly url: string; readonly token: Secret<string> };
}

export interface WorkerConfig extends CommonConfig {
  readonly internalHttp: { readonly host: string; readonly port: number; readonly token: Secret<string> };
  readonly executions: { readonly concurrency: number };
  readonly sandbox: {
    readonly processes: number;
    readonly threadsPerProcess: number;
    readonly uid: number | undefined;
    readonly gid: number | undefined;
  };
}

function commonConfig(values: ValuesOf<'api'> | ValuesOf<'worker'>): CommonConfig {
  return {
    database: { url: values.DATABASE_URL, connectionsMax: values.TENON_DATABASE_CONNECTIONS_MAX },
    redis: { url: values.REDIS_URL, prefix: values.TENON_REDIS_PREFIX },
    storage: { folder: values.TENON_DATA_DIR },
    sealer: new Sealer(values.TENON_SECRET_KEY),
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
    worker: { url: values.TENON_WORKER_URL, token: values.TENON_INTERNAL_TOKEN },
  };
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
    sandbox: {
      processes: values.TENON_SANDBOX_PROCESSES,
      threadsPerProcess: values.TENON_SANDBOX_THREADS,
      uid: values.TENON_SANDBOX_UID,
      gid: values.TENON_SANDBOX_GID,
    },
  };
}
