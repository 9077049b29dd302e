import { describe, expect, it } from '@jest/globals';
import { newId } from '@tenon/contracts';
import type { ExecutionRecord } from '@tenon/database';
import type { UsedQuota } from '@tenon/quota';
import { createLogger } from '@tenon/telemetry';
import { keptRecord } from '../../src/executions/execution-records.js';
import { QuotaReports } from '../../src/quota/quota-reports.js';
import { finished, functionOn, pointWith } from '../support/runnable.js';

const logger = createLogger({ name: 'test', level: 'silent' });
const tenantId = newId('tenant');

function execution(): ExecutionRecord {
  const step = { target: functionOn(pointWith()), position: 1, input: '{}', run: finished({ output: '1' }) };
  return keptRecord(step, { id: newId('execution'), kind: 'sync', attempt: 1 });
}

async function reported(note: (reports: QuotaReports) => void): Promise<readonly UsedQuota[]> {
  const told: UsedQuota[] = [];
  const report = async (used: readonly UsedQuota[]) => {
    told.push(...used);
    return [];
  };
  const withTenant = () => Promise.reject(new Error('nothing is to be audited'));
  const reports = new QuotaReports({ report }, { withTenant }, logger);
  note(reports);
  await reports.end();
  return told;
}

describe('a report of what was used', () => {
  it('says how many synchronous runs the executions are of: what they took was never learned', async () => {
    const executions = [execution(), execution(), execution()];
    const recorded = [{ recorded: executions.map(({ id }) => id) }];
    const told = await reported((reports) =>
      reports.note([{ tenantId, batch: { executions, runs: 2, actor: 'key_test' } }], recorded),
    );
    expect(told).toEqual([{ tenantId, events: 0, runs: 2, executions: 3, instructions: 0 }]);
  });

  it('counts no run whose executions were all recorded before', async () => {
    const batch = { executions: [execution()], runs: 1 };
    const told = await reported((reports) => reports.note([{ tenantId, batch }], [{ recorded: [] }]));
    expect(told).toEqual([{ tenantId, events: 0, runs: 0, executions: 0, instructions: 0 }]);
  });
});
