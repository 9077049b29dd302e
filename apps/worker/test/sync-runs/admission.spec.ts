import { describe, expect, it } from '@jest/globals';
import { Admission } from '../../src/sync-runs/admission.js';

const threads = 4;

/** A worker on which the runs of a tenant took `ms` lately and `count` of them are in hand. */
function busyWith(admission: Admission, tenant: string, ms: number, count: number): void {
  for (let run = 0; run < 100; run += 1) {
    admission.begin(tenant);
    admission.end(tenant, ms);
  }
  for (let run = 0; run < count; run += 1) admission.begin(tenant);
}

describe('the admission of runs', () => {
  it('refuses what could not end in time', () => {
    const admission = new Admission(threads);
    busyWith(admission, 'one', 100, 40);
    expect(admission.admits('one', 900)).toBe(false);
    expect(admission.admits('one', 1_100)).toBe(true);
    expect(admission.admits('one', 0)).toBe(false);
  });

  it('lets another tenant in, which waits for a turn and not for all: one with slow runs shut everybody out', () => {
    const admission = new Admission(threads);
    busyWith(admission, 'slow', 100, 64);
    expect(admission.admits('slow', 250)).toBe(false);
    for (let run = 0; run < 8; run += 1) {
      expect(admission.admits('quick', 250)).toBe(true);
      admission.begin('quick');
    }
    // By now its own runs would have to wait for as many slow ones.
    for (let run = 0; run < 8; run += 1) admission.begin('quick');
    expect(admission.admits('quick', 250)).toBe(false);
  });

  it('keeps half of all places from any one tenant', () => {
    const admission = new Admission(threads);
    busyWith(admission, 'many', 0.001, 1_024);
    expect(admission.admits('many', 2_000)).toBe(false);
    expect(admission.admits('another', 2_000)).toBe(true);
    busyWith(admission, 'another', 0.001, 1_024);
    expect(admission.admits('third', 2_000)).toBe(false);
    expect(admission.load).toBe(2_048);
  });
});
