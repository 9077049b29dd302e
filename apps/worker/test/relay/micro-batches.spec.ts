import { describe, expect, it } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import fc from 'fast-check';
import { microBatches } from '../../src/relay/micro-batches.js';

const tenants = [newId('tenant'), newId('tenant'), newId('tenant')];
const claimed = fc
  .array(fc.constantFrom(...tenants), { maxLength: 200 })
  .map((owners) => owners.map((tenantId) => ({ tenantId, id: newId('event') })));

describe('micro-batches', () => {
  it('carry every event once, in jobs of one tenant, in order, within the bound', () => {
    fc.assert(
      fc.property(claimed, fc.integer({ min: 1, max: 60 }), (events, eventsMax) => {
        const jobs = microBatches(events, eventsMax);
        const ordered = (tenantId: Id<'tenant'>) =>
          jobs.filter((job) => job.tenantId === tenantId).flatMap((job) => job.eventIds);
        for (const tenantId of tenants) {
          expect(ordered(tenantId)).toEqual(events.filter((event) => event.tenantId === tenantId).map(({ id }) => id));
        }
        for (const job of jobs) {
          expect(job.eventIds.length).toBeGreaterThan(0);
          expect(job.eventIds.length).toBeLessThanOrEqual(eventsMax);
        }
      }),
    );
  });

  it('are as few as the bound allows', () => {
    const [tenantId = newId('tenant')] = tenants;
    const events = Array.from({ length: 101 }, () => ({ tenantId, id: newId('event') }));
    expect(microBatches(events, 50).map((job) => job.eventIds.length)).toEqual([50, 50, 1]);
  });
});
