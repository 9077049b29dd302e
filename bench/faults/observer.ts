import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const pollMs = 50;
const recoverTimeoutMs = 60_000;

/** Looks past row-level security, and through restarts of Postgres. */
export class Observer {
  private client: pg.Client | undefined;
  private readonly ownerUrl: string;

  constructor(ownerUrl: string) {
    this.ownerUrl = ownerUrl;
  }

  /** Until `isOver`; a Postgres that is away answers nothing. @returns seconds. */
  async secondsUntil(isOver: () => Promise<boolean>): Promise<number> {
    const startMs = performance.now();
    while (performance.now() - startMs < recoverTimeoutMs) {
      if (await isOver().catch(() => false)) return (performance.now() - startMs) / 1_000;
      await delay(pollMs);
    }
    throw new Error(`it did not recover; left to do: ${JSON.stringify(await this.left())}`);
  }

  /** Whether none of these events is left to do. */
  async areRecorded(ids: readonly string[]): Promise<boolean> {
    const { rows } = await this.query('SELECT count(*)::int AS n FROM event_work WHERE id = ANY($1::text[])', [ids]);
    return rows[0]?.n === 0;
  }

  /** What is left to do, by status and reason. */
  async left(): Promise<unknown> {
    const text = `SELECT status, reason, failures, attempts, count(*)::int AS events FROM event_work GROUP BY 1, 2, 3, 4 LIMIT 20`;
    return (await this.query(text, [])).rows;
  }

  /** Of the acknowledged events: how many have no execution, and how many runs were recorded more than once. */
  async verdict(ids: readonly string[]): Promise<{ lost: number; duplicated: number }> {
    const { rows } = await this.query(
      `WITH counted AS (
         SELECT i.id, count(x.id) AS runs, count(DISTINCT x.function_id) AS functions
           FROM unnest($1::text[]) AS i(id) LEFT JOIN executions AS x ON x.event_id = i.id GROUP BY i.id
       ) SELECT (count(*) FILTER (WHERE runs = 0))::int AS lost,
                (count(*) FILTER (WHERE runs > functions))::int AS duplicated FROM counted`,
      [ids],
    );
    return { lost: rows[0]?.lost ?? -1, duplicated: rows[0]?.duplicated ?? -1 };
  }

  /** Usage must say the same as the executions: each counted once. */
  async usageDiffers(): Promise<number> {
    const { rows } = await this.query(
      `SELECT ((SELECT count(*) FROM executions)
               - (SELECT coalesce(sum(executions), 0) FROM usage_deltas)
               - (SELECT coalesce(sum(executions), 0) FROM usage_hours))::int AS n`,
      [],
    );
    return rows[0]?.n ?? -1;
  }

  async close(): Promise<void> {
    await this.client?.end();
  }

  private async query(text: string, values: unknown[]): Promise<pg.QueryResult> {
    try {
      this.client ??= await this.connect();
      return await this.client.query(text, values);
    } catch (error) {
      this.client?.end().catch(() => undefined);
      this.client = undefined;
      throw error;
    }
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.ownerUrl, connectionTimeoutMillis: 1_000 });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }
}
