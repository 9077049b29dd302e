import { Redis } from 'ioredis';
import pg from 'pg';
import { StartError } from './supervisor.errors.js';

const connectTimeoutMs = 5_000;

/** Never the URL itself: it may hold a password. */
function whereabouts(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null || parsed.hostname === '' ? 'a URL that can not be read' : parsed.host;
}

function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.map(reasonOf).join(', ');
  return 'message' in error ? String(error.message) : String(error);
}

/** @throws StartError when no Postgres answers at `url`. */
export async function checkPostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new StartError(`Postgres of DATABASE_URL (${whereabouts(url)}) can't be used: ${reasonOf(error)}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @throws StartError when no Redis answers at `url`. */
export async function checkRedis(url: string): Promise<void> {
  let last: unknown = 'no answer';
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: connectTimeoutMs, retryStrategy: () => null });
  redis.on('error', (error) => {
    last = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    const reason = reasonOf(last === 'no answer' ? error : last);
    throw new StartError(`Redis of REDIS_URL (${whereabouts(url)}) can't be used: ${reason}`);
  } finally {
    if (redis.status !== 'end') redis.disconnect();
  }
}
