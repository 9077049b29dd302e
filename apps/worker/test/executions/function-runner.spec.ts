import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { defaultExecutionLimits, newId } from '@tenon/contracts';
import { SandboxClosedError } from '@tenon/sandbox';
import { openDiskStorage } from '@tenon/storage';
import { createLogger } from '@tenon/telemetry';
import { FunctionRunner, type RunInput, type RunsGuests } from '../../src/executions/function-runner.js';
import { OutputCheck } from '../../src/executions/output-check.js';
import { runLimits } from '../../src/executions/run-limits.js';
import { Gate } from '../../src/shared/gate.js';
import { functionOn, pointWith } from '../support/runnable.js';
import { ScriptedSandbox } from '../support/scripted-sandbox.js';
import { storedArtifacts } from '../support/stored-artifacts.js';

const target = functionOn(
  pointWith({ limits: { ...defaultExecutionLimits, instructionsMax: 5_000, deadlineMs: 100 } }),
  { planLimits: { ...defaultExecutionLimits, instructionsMax: 9_000, deadlineMs: 50 } },
);
const given: RunInput = { tenantId: newId('tenant'), input: '{}', clockMs: 1_000, seed: '0'.repeat(64) };

async function runOn(sandbox: RunsGuests, gate = new Gate({ max: 1 })) {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-runner-'));
  try {
    const logger = createLogger({ name: 'test', level: 'silent' });
    const storage = await openDiskStorage(folder);
    return await new FunctionRunner(sandbox, storedArtifacts(storage), new OutputCheck(), gate, logger).run(
      target,
      given,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the function runner', () => {
  it('hands over the input, the clock, the seed and the smaller limits, and keeps what it handed over', async () => {
    const sandbox = new ScriptedSandbox();
    const run = await runOn(sandbox);
    const { tenantId: _notTheGuests, ...request } = given;
    const limits = { ...defaultExecutionLimits, instructionsMax: 5_000, deadlineMs: 50 };
    expect(sandbox.requests).toEqual([{ ...request, limits }]);
    expect(run).toMatchObject({ clockMs: 1_000, seed: given.seed, result: { outcome: 'succeeded' } });
  });

  it('does not take the end of its own sandboxes for an outcome of the run', async () => {
    const closed: RunsGuests = { execute: async () => Promise.reject(new SandboxClosedError()) };
    await expect(runOn(closed)).rejects.toThrow(SandboxClosedError);
  });

  it('leaves the gate when its run fails', async () => {
    const gate = new Gate({ max: 1 });
    const closed: RunsGuests = { execute: async () => Promise.reject(new SandboxClosedError()) };
    await expect(runOn(closed, gate)).rejects.toThrow(SandboxClosedError);
    expect(gate.enter('another')).toBeUndefined();
  });
});

describe('the memory limit', () => {
  const limitOf = (abi: 'component' | 'wasi-command', pointMax: number, planMax: number) =>
    runLimits({
      abi,
      point: { ...target.point, limits: { ...defaultExecutionLimits, memoryBytesMax: pointMax } },
      planLimits: { ...defaultExecutionLimits, memoryBytesMax: planMax },
    }).memoryBytesMax;

  it.each([
    ['wasi-command', 10_000_000, 10_000_000, 10_000_000],
    ['component', 10_000_000, 10_000_000, 64_000_000],
    ['component', 20_000_000, 10_000_000, 20_000_000],
    ['component', 10_000_000, 5_000_000, 5_000_000],
    ['component', 100_000_000, 10_000_000, 64_000_000],
    ['component', 100_000_000, 200_000_000, 100_000_000],
  ] as const)('of a %s under a point of %i and a plan of %i is %i', (abi, point, plan, wanted) => {
    expect(limitOf(abi, point, plan)).toBe(wanted);
  });
});
