import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { eventsRequest } from '../pipeline/events.ts';
import { LoadConnection } from '../pipeline/http-load.ts';
import { openReader } from '../pipeline/reader.ts';
import type { BenchStack } from '../pipeline/stack.ts';
import type { BenchTenant } from './tenants.ts';

const eventsPerRequest = 500;
const firstRunTimeoutMs = 30_000;
const drainTimeoutMs = 60_000;

/** Sends `events` of a tenant as fast as they are accepted. */
export async function flood(stack: BenchStack, tenant: BenchTenant, events: number): Promise<void> {
  const connection = await LoadConnection.open(stack.apiUrl);
  for (let left = events; left > 0; left -= eventsPerRequest) {
    const answer = await connection.send(eventsRequest(tenant.key, Math.min(left, eventsPerRequest)));
    if (answer.status !== 202) throw new Error(`${answer.status}: ${answer.body}`);
  }
  connection.close();
}

/**
 * What each tenant received in `spanMs`, in units of fuel really used, while all of them had a backlog. The backlogs
 * are made while the worker is stopped, so that they begin together.
 */
export async function costReceived(
  stack: BenchStack,
  tenants: readonly BenchTenant[],
  eventsEach: number,
  spanMs: number,
): Promise<readonly number[]> {
  await using reader = await openReader(stack.ownerUrl);
  process.kill(stack.parts.worker, 'SIGSTOP');
  try {
    for (const tenant of tenants) await flood(stack, tenant, eventsEach);
  } finally {
    process.kill(stack.parts.worker, 'SIGCONT');
  }
  await untilRuns(reader.client, tenants);
  await delay(spanMs);
  const used = await fuelByTenant(reader.client, tenants);
  await assertBacklog(reader.client, tenants);
  await discardBacklog(stack, reader.client, tenants);
  return used;
}

async function untilRuns(client: pg.Client, tenants: readonly BenchTenant[]): Promise<void> {
  const deadline = performance.now() + firstRunTimeoutMs;
  while ((await fuelByTenant(client, tenants)).every((fuel) => fuel === 0)) {
    if (performance.now() > deadline) throw new Error('nothing was run');
    await delay(20);
  }
}

async function fuelByTenant(client: pg.Client, tenants: readonly BenchTenant[]): Promise<readonly number[]> {
  const { rows } = await client.query<{ id: string; fuel: string }>(
    'SELECT tenant_id AS id, sum(fuel_used) AS fuel FROM executions WHERE tenant_id = ANY($1::text[]) GROUP BY 1',
    [tenants.map(({ id }) => id)],
  );
  const fuel = new Map(rows.map((row) => [row.id, Number(row.fuel)]));
  return tenants.map(({ id }) => fuel.get(id) ?? 0);
}

/** A tenant that ran dry received less because it asked for less, which would say nothing. */
async function assertBacklog(client: pg.Client, tenants: readonly BenchTenant[]): Promise<void> {
  const text = 'SELECT tenant_id AS id, count(*) AS left FROM event_work WHERE tenant_id = ANY($1::text[]) GROUP BY 1';
  const { rows } = await client.query<{ id: string; left: string }>(text, [tenants.map(({ id }) => id)]);
  const left = new Map(rows.map((row) => [row.id, Number(row.left)]));
  const all = tenants.map(({ id }) => left.get(id) ?? 0);
  if (all.includes(0)) throw new Error(`a tenant had no backlog left; send it more events: ${all.join(', ')} left`);
}

/** The next measurement starts with nothing to run. What is in line of events that are gone finds no work. */
async function discardBacklog(stack: BenchStack, client: pg.Client, tenants: readonly BenchTenant[]): Promise<void> {
  // What a commit has in its hands ends by itself; waiting for it could be a deadlock.
  const waiting = 'SELECT id FROM event_work WHERE tenant_id = ANY($1::text[]) FOR UPDATE SKIP LOCKED';
  await client.query(`DELETE FROM event_work WHERE id IN (${waiting})`, [tenants.map(({ id }) => id)]);
  await untilEmpty(stack);
}

/** Until nothing that was accepted is left to be run. */
export async function untilEmpty(stack: BenchStack): Promise<void> {
  await using reader = await openReader(stack.ownerUrl);
  const deadline = performance.now() + drainTimeoutMs;
  for (;;) {
    const { rows } = await reader.client.query<{ open: string }>('SELECT count(*) AS open FROM event_work');
    if (Number(rows[0]?.open) === 0) return;
    if (performance.now() > deadline) throw new Error('the queue did not run empty');
    await delay(20);
  }
}
