import pg from 'pg';
import type { DatabaseRole } from './roles.js';

/** Nothing here takes long; a statement that does is stuck, and so is who waits for it. */
const timeouts = {
  statementMs: 15_000,
  lockMs: 10_000,
  idleInTransactionMs: 15_000,
  /** On our side: where the server is gone without a word, nobody there ends the statement. */
  answerMs: 20_000,
  connectMs: 5_000,
  idleConnectionMs: 30_000,
} as const;

export interface PoolOptions {
  readonly url: string;
  readonly role: DatabaseRole;
  readonly connectionsMax: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Statements are sent without waiting for the answers of those before them; see `inPipeline`. */
  readonly pipeline?: boolean;
  /** Told about connections that break while nobody uses them. */
  readonly onIdleError?: (error: Error) => void;
}

/**
 * A pool whose connections have taken `role` before their first query, whatever login the URL names. A login that is
 * not a member of the role can't connect at all.
 */
export function openPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: withRole(options.url, options.role),
    max: options.connectionsMax,
    application_name: options.applicationName,
    connectionTimeoutMillis: timeouts.connectMs,
    idleTimeoutMillis: timeouts.idleConnectionMs,
    query_timeout: timeouts.answerMs,
    keepAlive: true,
    types: { getTypeParser },
    pipeline: options.pipeline ?? false,
  });
  pool.on('error', (error) => options.onIdleError?.(error));
  // Whoever holds a connection learns of its end from the query that fails. It is also an event of the connection, and
  // an error event that nobody listens to ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Settings of the session go behind those of the URL, because the last one wins. */
function withRole(url: string, role: DatabaseRole): string {
  const target = new URL(url);
  const settings = [
    target.searchParams.get('options') ?? '',
    `-c role=${role}`,
    `-c statement_timeout=${timeouts.statementMs}`,
    `-c lock_timeout=${timeouts.lockMs}`,
    `-c idle_in_transaction_session_timeout=${timeouts.idleInTransactionMs}`,
  ];
  target.searchParams.set('options', settings.join(' ').trim());
  return target.toString();
}

const int8 = 20;

/** Counters are bigint columns; all of them stay far below 2^53, so they are numbers here. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if (oid === int8 && format !== 'binary') return Number;
  return pg.types.getTypeParser(oid, format);
}
