import { collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/**
 * A registry of its own for one process, with what Node knows about itself (`process_*`, `nodejs_*`). Labels of Tenon's
 * metrics come from closed lists (routes, statuses, outcomes) and never name a tenant: the number of series must not
 * grow with the number of tenants, and a scraper must not learn who they are.
 *
 * @param process what every series carries as the label `process`: `api`, `worker`
 */
export function createMetrics(process: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  collectDefaultMetrics({ register: registry });
  return registry;
}
