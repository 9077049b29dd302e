import type { ExecutionJob, Id } from '@tenon/contracts';

interface Batchable {
  readonly tenantId: Id<'tenant'>;
  readonly id: Id<'event'>;
}

/**
 * Packs events into jobs of one tenant each, because a job costs more than an event does. Tenants keep the order of
 * their first event, events that of their tenant.
 */
export function microBatches(events: readonly Batchable[], eventsMax: number): ExecutionJob[] {
  const byTenant = Map.groupBy(events, (event) => event.tenantId);
  const jobs: ExecutionJob[] = [];
  for (const [tenantId, own] of byTenant) {
    for (let start = 0; start < own.length; start += eventsMax) {
      jobs.push({ tenantId, eventIds: own.slice(start, start + eventsMax).map((event) => event.id) });
    }
  }
  return jobs;
}
