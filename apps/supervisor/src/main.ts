import { auditKeysFrom } from '@tenon/config';
import { MigrationError } from '@tenon/database';
import { claimFolder, type Devstack, DevstackError, startDevstack } from '@tenon/devstack';
import { ApiClient, ApiRefusal } from './api-client.js';
import { closingPrint } from './closing-print.js';
import { prepareDatabase } from './database-setup.js';
import { checkPostgres, checkRedis } from './external-servers.js';
import { layout } from './layout.js';
import { type Options, parseOptions, usage } from './options.js';
import { type Processes, startProcesses } from './processes.js';
import { runSample } from './sample-run.js';
import { keepSecrets } from './secrets.js';
import { type SeedAccess, seed } from './seed.js';
import { listenForStop, Stopped, whenAborted } from './stop-request.js';
import { StartError } from './supervisor.errors.js';

function print(line: string): void {
  console.log(line);
}

function set(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/** Says what is being done, and when it is done how long that took. */
async function step<Value>(what: string, signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
  signal.throwIfAborted();
  const startedMs = performance.now();
  const value = await work();
  print(`Tenon: ${what} (${((performance.now() - startedMs) / 1_000).toFixed(1)} s)`);
  return value;
}

function bringUpServers(signal: AbortSignal): Promise<Devstack> {
  const [databaseUrl, redisUrl] = [set(process.env.DATABASE_URL), set(process.env.REDIS_URL)];
  const names = [
    databaseUrl === undefined ? 'embedded Postgres' : 'Postgres of DATABASE_URL',
    redisUrl === undefined ? 'Redis' : 'Redis of REDIS_URL',
  ];
  return step(names.join(' and '), signal, async () => {
    if (databaseUrl !== undefined) await checkPostgres(databaseUrl);
    if (redisUrl !== undefined) await checkRedis(redisUrl);
    const onProgress = (line: string) => print(`Tenon: ${line}`);
    return startDevstack({ folder: layout.state, databaseUrl, redisUrl, onProgress });
  });
}

interface Running {
  readonly processes: Processes;
  readonly access: SeedAccess;
}

async function bringUpProcesses(stack: Devstack, options: Options, giveUp: AbortController, signal: AbortSignal) {
  const secrets = await keepSecrets();
  const runtimeUrl = await step('database migrated', signal, () =>
    prepareDatabase(stack.postgres.url, secrets.runtimePassword, (name) => print(`Tenon: applied migration ${name}`)),
  );
  const processes = await step('api and worker are up', signal, () =>
    startProcesses({
      databaseUrl: runtimeUrl,
      redisUrl: stack.redis.url,
      secrets,
      verbose: options.verbose,
      signal,
      print,
      onGiveUp: (reason) => giveUp.abort(new StartError(reason)),
    }),
  );
  // A key that was chosen by hand is the one that the processes have; see environmentOf.
  const auditKeys = auditKeysFrom(set(process.env.TENON_SECRET_KEY) ?? secrets.secretKey);
  const running: Running = { processes, access: { runtimeUrl, auditKeys } };
  return running;
}

/** A server of ours that ends by itself takes everything with it: said once, instead of a thousand failed queries. */
function watchServers(stack: Devstack, giveUp: AbortController): void {
  for (const [name, server] of Object.entries({ Postgres: stack.postgres, Redis: stack.redis })) {
    void server.process?.ended.then((how) => giveUp.abort(new StartError(`${name} ended by itself (${how}).`)));
  }
}

async function demo({ processes, access }: Running, signal: AbortSignal): Promise<void> {
  const api = new ApiClient(processes.url, signal);
  const dev = await step('demo tenant and functions are there', signal, () => seed(api, access, signal));
  const run = await step('sample event ran', signal, () => runSample(api, dev.tenantKey, signal));
  print(closingPrint(dev, run));
  if (run.execution.outcome !== 'succeeded') {
    throw new StartError(`The sample function ended as ${run.execution.outcome}: ${run.execution.message}`);
  }
}

async function run(options: Options, stop: AbortSignal, cleanup: AsyncDisposableStack): Promise<void> {
  cleanup.defer(await claimFolder(layout.state));
  const giveUp = new AbortController();
  const signal = AbortSignal.any([stop, giveUp.signal]);
  const stack = await bringUpServers(signal);
  cleanup.defer(() => stack.stop());
  watchServers(stack, giveUp);
  const running = await bringUpProcesses(stack, options, giveUp, signal);
  cleanup.defer(() => running.processes.stop());
  await demo(running, signal);
  if (options.once) return;
  print('Tenon is up; Ctrl-C stops it.');
  await whenAborted(signal);
  signal.throwIfAborted();
}

/** Errors whose message says what is wrong and what to do; a stack would only hide it. */
const forPeople = [DevstackError, StartError, MigrationError, ApiRefusal];

function report(error: unknown): number {
  if (error instanceof Stopped) {
    print(`Tenon: stopping (${error.reason})`);
    return 0;
  }
  const known = forPeople.find((kind) => error instanceof kind);
  if (known !== undefined && error instanceof Error) console.error(`\nTenon: ${error.message}`);
  else console.error('\nTenon did not start:', error);
  return 1;
}

/** Brings everything up, runs the demo, and stays until it is asked to stop. @returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined || options.help) {
    print(usage);
    return options === undefined ? 2 : 0;
  }
  const cleanup = new AsyncDisposableStack();
  try {
    await run(options, listenForStop(), cleanup);
    return 0;
  } catch (error) {
    return report(error);
  } finally {
    await cleanup.disposeAsync();
    print('Tenon: everything is stopped.');
  }
}
