import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type RunningServer, startPostgres } from './postgres.js';
import { startRedis } from './redis.js';

export interface DevstackOptions {
  /** Data, logs and unpacked programs live here and are kept between starts; `.tenon` in a checkout. */
  readonly folder: string;
  /** Where an unpacked Redis is kept. Default: `redis/server` in `folder`. */
  readonly redisBinaryFolder?: string;
  /** A Postgres to use in place of the embedded one; its login must be able to migrate. */
  readonly databaseUrl?: string | undefined;
  /** A Redis to use in place of one of our own. */
  readonly redisUrl?: string | undefined;
  /** False for tests: no fsync, nothing kept in Redis. Default true. */
  readonly durable?: boolean;
  readonly onProgress?: (line: string) => void;
}

export interface Devstack {
  readonly postgres: RunningServer;
  readonly redis: RunningServer;
  /** Stops what we started, and nothing else. */
  stop(): Promise<void>;
}

function external(url: string): RunningServer {
  return { url, stop: () => Promise.resolve() };
}

/**
 * Brings up Postgres and Redis, each unless its URL is given. Both end when this process ends, whichever way.
 * @throws DevstackError with a sentence that says what to do.
 */
export async function startDevstack(options: DevstackOptions): Promise<Devstack> {
  const logs = path.join(options.folder, 'logs');
  await mkdir(logs, { recursive: true });
  const durable = options.durable ?? true;
  const postgresStarting =
    options.databaseUrl === undefined
      ? startPostgres({
          folder: path.join(options.folder, 'postgres'),
          logFile: path.join(logs, 'postgres.log'),
          database: 'tenon',
          durable,
          connectionsMax: durable ? 100 : 300,
        })
      : external(options.databaseUrl);
  const redisStarting =
    options.redisUrl === undefined
      ? startRedis({
          folder: path.join(options.folder, 'redis/data'),
          binaryFolder: options.redisBinaryFolder ?? path.join(options.folder, 'redis/server'),
          logFile: path.join(logs, 'redis.log'),
          durable,
          onProgress: options.onProgress ?? (() => undefined),
        })
      : external(options.redisUrl);
  const [postgres, redis] = await Promise.allSettled([postgresStarting, redisStarting]);
  if (postgres.status === 'fulfilled' && redis.status === 'fulfilled') {
    const servers = [redis.value, postgres.value];
    return {
      postgres: postgres.value,
      redis: redis.value,
      stop: async () => {
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
  }
  for (const result of [postgres, redis]) if (result.status === 'fulfilled') await result.value.stop();
  throw postgres.status === 'rejected' ? postgres.reason : redis.status === 'rejected' ? redis.reason : undefined;
}
