import { describe, expect, it } from '@jest/globals';
import { newId, unmeasuredResult } from '@tenon/contracts';
import type { RunnableFunction } from '@tenon/database';
import { compileDataSchema } from '@tenon/schemas';
import type { RunOne } from '../../src/executions/batch-run.js';
import { Admission } from '../../src/sync-runs/admission.js';
import type { LivePoint } from '../../src/sync-runs/live-points.js';
import { SyncRunService } from '../../src/sync-runs/sync-run.service.js';
import { functionOn, pointWith } from '../support/runnable.js';

const tenantId = newId('tenant');

function livePoint(circuit?: RunnableFunction['circuit']): LivePoint {
  const point = pointWith({ mode: 'sync', eventTypes: [] });
  return { point, functions: [functionOn(point, { circuit })], input: compileDataSchema({}, '') };
}

/** Runs where `lately` was live, and says how many runs had begun before it was known what is live. */
async function begunEarly(lately: LivePoint): Promise<number> {
  let begun = 0;
  const known = Promise.withResolvers<LivePoint | null>();
  const run: RunOne = async (_target, { clockMs, seed }) => {
    begun += 1;
    return { startedAtMs: clockMs, clockMs, seed, engine: '1', result: unmeasuredResult('succeeded', '') };
  };
  const service = new SyncRunService({
    points: { find: () => ({ lately, current: known.promise }) },
    quota: { admit: () => undefined, assertPlace: () => undefined, end: () => undefined },
    run,
    recorder: { keep: async () => false, isFull: () => false },
    admission: new Admission(1),
  });
  const request = { runId: newId('event'), tenantId, point: 'cart.discounts', actor: newId('key'), spentMs: 0 };
  const answering = service.run(request, Buffer.from('{"input":{}}'));
  await new Promise((resolve) => setImmediate(resolve));
  const early = begun;
  known.resolve(lately);
  await answering;
  expect(begun).toBe(1);
  return early;
}

describe('a synchronous run', () => {
  it('begins while it is asked whether what was live still is', async () => {
    expect(await begunEarly(livePoint())).toBe(1);
  });

  it('does not begin early where a circuit is open: nobody may take the turn to try and have no record of it', async () => {
    const circuit = { versionId: newId('version'), reason: '50 failures in a row', probeAt: new Date(0) };
    expect(await begunEarly(livePoint(circuit))).toBe(0);
  });
});
