import { describe, expect, it } from '@jest/globals';
import { Convictions } from '../../src/pool/convictions.js';
import type { Job } from '../../src/pool/job.js';
import { refusedResult } from '../../src/pool/refused-result.js';
import { requestOf } from '../support/requests.js';

const verdict = refusedResult('memory_limit', 'Too much.');

function jobOf(tenantId: string, id = 'ab'.repeat(32)): Job {
  return {
    artifact: { id, load: async () => new Uint8Array(0) },
    tenantId,
    request: requestOf(1),
    inputBytes: 1,
    losses: 2,
    expectedMs: 0,
    settle: () => undefined,
    reject: () => undefined,
    isAbandoned: () => false,
  };
}

describe('Convictions', () => {
  it('quarantine a function at its second conviction, for a minute', () => {
    let nowMs = 0;
    const convictions = new Convictions(() => nowMs);

    convictions.add(jobOf('tnt_a'), verdict);
    expect(convictions.refuse(jobOf('tnt_a'))).toBeUndefined();
    convictions.add(jobOf('tnt_a'), verdict);

    expect(convictions.refuse(jobOf('tnt_a'))).toMatchObject({ outcome: 'memory_limit' });
    nowMs = 60_000;
    expect(convictions.refuse(jobOf('tnt_a'))).toBeUndefined();
  });

  it('of one tenant say nothing about the same artifact of another', () => {
    const convictions = new Convictions(() => 0);
    for (let count = 0; count < 5; count += 1) convictions.add(jobOf('tnt_evil'), verdict);

    expect(convictions.refuse(jobOf('tnt_b'))).toBeUndefined();
    expect(convictions.refuse(jobOf('tnt_evil', 'cd'.repeat(32)))).toBeUndefined();
  });

  it('are forgotten after ten minutes', () => {
    let nowMs = 0;
    const convictions = new Convictions(() => nowMs);
    convictions.add(jobOf('tnt_a'), verdict);
    nowMs = 600_001;
    convictions.add(jobOf('tnt_a'), verdict);

    expect(convictions.refuse(jobOf('tnt_a'))).toBeUndefined();
  });
});
