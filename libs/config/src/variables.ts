import { z } from 'zod';
import * as values from './values.js';

export type ProcessName = 'api' | 'worker';

interface Variable<Schema extends z.ZodType> {
  /** From the text of the variable to the value. */
  readonly schema: Schema;
  readonly processes: readonly ProcessName[];
  /** The text that counts when the variable is unset; without it the variable is required, unless `optional`. */
  readonly fallback?: string;
  readonly optional?: true;
  /** For docs/configuration.md. */
  readonly meaning: string;
}

function variable<Schema extends z.ZodType, Rest extends Omit<Variable<Schema>, 'schema'>>(schema: Schema, rest: Rest) {
  return { schema, ...rest };
}

const both = ['api', 'worker'] as const;
const api = ['api'] as const;
const worker = ['worker'] as const;

/** Every environment variable that api and worker read. Nothing else in the project reads the environment for them. */
export const variables = {
  DATABASE_URL: variable(values.postgresUrl, {
    processes: both,
    meaning: 'Postgres, with a login that is a member of the application roles and nothing more',
  }),
  TENON_DATABASE_CONNECTIONS_MAX: variable(values.wholeNumber(2, 500), {
    processes: both,
    fallback: '10',
    meaning: 'connections of one process to Postgres',
  }),
  REDIS_URL: variable(values.redisUrl, { processes: both, meaning: 'Redis 6.2 or later, or Valkey' }),
  TENON_REDIS_PREFIX: variable(values.keyPrefix, {
    processes: both,
    fallback: 'tenon',
    meaning: 'what every key in Redis starts with',
  }),
  TENON_DATA_DIR: variable(values.folder, {
    processes: both,
    fallback: '.tenon/data',
    meaning: 'folder of uploaded modules and artifacts; api and worker share it, unless TENON_S3_BUCKET is set',
  }),
  TENON_S3_BUCKET: variable(values.bucketName, {
    processes: both,
    optional: true,
    meaning: 'bucket for modules and artifacts instead of TENON_DATA_DIR; it has to be there',
  }),
  TENON_S3_REGION: variable(values.host, {
    processes: both,
    fallback: 'us-east-1',
    meaning: 'region of the bucket',
  }),
  TENON_S3_ENDPOINT: variable(values.webUrl, {
    processes: both,
    optional: true,
    meaning: 'address of a store that speaks S3 and is not Amazon; the bucket then stands in the path',
  }),
  TENON_S3_PREFIX: variable(values.objectPrefix, {
    processes: both,
    optional: true,
    meaning: 'what every key in the bucket starts with, such as `tenon/`',
  }),
  TENON_S3_ACCESS_KEY_ID: variable(values.host, {
    processes: both,
    optional: true,
    meaning: 'who asks the store; unset, the SDK looks for the role of the machine',
  }),
  TENON_S3_SECRET_ACCESS_KEY: variable(values.storeSecret, {
    processes: both,
    optional: true,
    meaning: 'the secret of TENON_S3_ACCESS_KEY_ID',
  }),
  TENON_SECRET_KEY: variable(values.masterKeys, {
    processes: both,
    meaning:
      'master key for secrets kept in the database: 32 bytes as base64 or hexadecimal; several, comma-separated, while you replace one: the first seals, all open',
  }),
  TENON_AUDIT_KEEP_DAYS: variable(values.wholeNumber(30, 36_500), {
    processes: both,
    optional: true,
    meaning: 'days that audit entries are kept, 30 at least; unset keeps them for ever',
  }),
  TENON_EVENTS_KEEP_DAYS: variable(values.wholeNumber(1, 3_650), {
    processes: worker,
    fallback: '30',
    meaning:
      'days that finished events are kept, and with them the memory of the ids that were sent and the inputs of their runs',
  }),
  TENON_EXECUTIONS_KEEP_DAYS: variable(values.wholeNumber(1, 3_650), {
    processes: worker,
    fallback: '90',
    meaning: 'days that executions are kept',
  }),
  TENON_DELIVERY_TARGETS: variable(values.targets, {
    processes: both,
    optional: true,
    meaning:
      'hosts (`hooks.internal`, `hooks.internal:8080`) and networks (`10.1.2.0/24`) that deliveries may go to although they are not public, comma-separated',
  }),
  TENON_INTERNAL_TOKEN: variable(values.token, {
    processes: both,
    meaning: 'what the api shows the worker on its internal endpoint: 32 to 256 printable characters',
  }),
  TENON_METRICS_TOKEN: variable(values.token, {
    processes: both,
    optional: true,
    meaning:
      'what a scraper shows at /metrics as a bearer token: 32 to 256 printable characters; without it only an operator key opens it at the api, and the internal token at the worker',
  }),
  TENON_LOG_LEVEL: variable(values.oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']), {
    processes: both,
    fallback: 'info',
    meaning: 'least serious log line that is written: fatal, error, warn, info, debug, trace or silent',
  }),
  TENON_SHUTDOWN_GRACE_MS: variable(values.wholeNumber(0, 600_000), {
    processes: both,
    fallback: '10000',
    meaning: 'milliseconds that work in flight is given after SIGTERM',
  }),
  TENON_HTTP_HOST: variable(values.host, {
    processes: api,
    fallback: '127.0.0.1',
    meaning: 'address that the api listens on; 0.0.0.0 for all',
  }),
  TENON_HTTP_PORT: variable(values.wholeNumber(0, 65_535), {
    processes: api,
    fallback: '8080',
    meaning: 'port that the api listens on; 0 picks a free one',
  }),
  TENON_PUBLIC_URL: variable(values.webUrl, {
    processes: api,
    optional: true,
    meaning: 'address of the api as its callers see it, for links in answers and in the OpenAPI document',
  }),
  TENON_TRUST_PROXY: variable(values.yesOrNo, {
    processes: api,
    fallback: 'no',
    meaning: 'yes behind a proxy that sets X-Forwarded-For; anywhere else callers could forge their address',
  }),
  TENON_SESSION_IDLE_MINUTES: variable(values.wholeNumber(1, 43_200), {
    processes: api,
    fallback: '720',
    meaning: 'minutes after which a session of the dashboard that nobody uses ends',
  }),
  TENON_SESSION_MAX_MINUTES: variable(values.wholeNumber(1, 129_600), {
    processes: api,
    fallback: '10080',
    meaning: 'minutes after which a session of the dashboard ends, used or not',
  }),
  TENON_OIDC_ISSUER: variable(values.webUrl, {
    processes: api,
    optional: true,
    meaning: 'issuer of an OpenID provider that people may sign in by; needs the two below and TENON_PUBLIC_URL',
  }),
  TENON_OIDC_CLIENT_ID: variable(values.shortText, {
    processes: api,
    optional: true,
    meaning: 'what the OpenID provider calls this installation',
  }),
  TENON_OIDC_CLIENT_SECRET: variable(values.secretText, {
    processes: api,
    optional: true,
    meaning: 'secret that the OpenID provider gave for it',
  }),
  TENON_WORKER_URL: variable(values.webUrl, {
    processes: api,
    fallback: 'http://127.0.0.1:8090',
    meaning: 'internal endpoint of the worker, for runs whose caller waits',
  }),
  TENON_WORKER_HOST: variable(values.host, {
    processes: worker,
    fallback: '127.0.0.1',
    meaning: 'address of the internal endpoint; never a public one',
  }),
  TENON_WORKER_PORT: variable(values.wholeNumber(0, 65_535), {
    processes: worker,
    fallback: '8090',
    meaning: 'port of the internal endpoint',
  }),
  TENON_EXECUTION_CONCURRENCY: variable(values.wholeNumber(1, 1_000), {
    processes: worker,
    fallback: '8',
    meaning: 'jobs that one worker runs at once; a job carries several events of one tenant',
  }),
  TENON_SANDBOX_PROCESSES: variable(values.wholeNumber(1, 256), {
    processes: worker,
    fallback: '2',
    meaning: 'sandbox processes of one worker',
  }),
  TENON_SANDBOX_THREADS: variable(values.wholeNumber(1, 64), {
    processes: worker,
    fallback: '2',
    meaning: 'guest threads of one sandbox process',
  }),
  TENON_SANDBOX_UID: variable(values.wholeNumber(1, 4_294_967_294), {
    processes: worker,
    optional: true,
    meaning: 'user id of sandbox processes, when the worker is started as root',
  }),
  TENON_SANDBOX_GID: variable(values.wholeNumber(1, 4_294_967_294), {
    processes: worker,
    optional: true,
    meaning: 'group id of sandbox processes, when the worker is started as root',
  }),
} satisfies Record<string, Variable<z.ZodType>>;

/** The names of all variables that `process` reads. */
export function variablesOf(process: ProcessName): readonly string[] {
  return Object.entries<VariableFacts>(variables)
    .filter(([, facts]) => facts.processes.includes(process))
    .map(([name]) => name);
}

export type VariableName = keyof typeof variables;
export type VariableFacts = Variable<z.ZodType>;
type FactsOf<Name extends VariableName> = (typeof variables)[Name];
type ValueOf<Name extends VariableName> =
  | z.output<FactsOf<Name>['schema']>
  | (FactsOf<Name> extends { optional: true } ? undefined : never);

/** The parsed environment of one process, by variable. */
export type ValuesOf<Process extends ProcessName> = {
  [Name in VariableName as Process extends FactsOf<Name>['processes'][number] ? Name : never]: ValueOf<Name>;
};
