import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { defaultExecutionLimits, newId, recordingPolicySchema, retryPolicySchema } from '@tenon/contracts';
import type { RunnableFunction } from '@tenon/database';
import { SandboxClosedError } from '@tenon/sandbox';
import { openDiskStorage } from '@tenon/storage';
import { createLogger } from '@tenon/telemetry';
import { FunctionRunner, type RunInput, type RunsGuests } from '../../src/executions/function-runner.js';
import { OutputCheck } from '../../src/executions/output-check.js';
import { runLimits } from '../../src/executions/run-limits.js';
import { Gate } from '../../src/shared/gate.js';
import { ScriptedSandbox } from '../support/scripted-sandbox.js';
import { storedArtifacts } from '../support/stored-artifacts.js';

const target: RunnableFunction = {
  functionId: newId('function'),
  functionName: 'discounts',
  versionId: newId('version'),
  artifactSha256: 'a'.repeat(64),
  abi: 'wasi-command',
  engine: '1',
  position: 1,
  settings: null,
  settingsId: null,
  point: {
    name: 'cart.discounts',
    version: 1,
    inputSchema: {},
    outputSchema: {},
    eventTypes: ['cart.updated'],
    limits: { ...defaultExecutionLimits, instructionsMax: 5_000, deadlineMs: 100 },
    mode: 'async',
    failurePolicy: 'open',
    combination: 'all',
    retry: retryPolicySchema.parse({}),
    recording: recordingPolicySchema.parse({}),
  },
  planLimits: { ...defaultExecutionLimits, instructionsMax: 9_000, deadlineMs: 50 },
  isolation: 'shared',
};
const given: RunInput = { tenantId: newId('tenant'), input: '{}', clockMs: 1_000, seed: '0'.repeat(64) };

async function runOn(sandbox: RunsGuests) {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-runner-'));
  try {
    const logger = createLogger({ name: 'test', level: 'silent' });
    const storage = await openDiskStorage(folder);
    return await new FunctionRunner(sandbox, storedArtifacts(storage), new OutputCheck(), new Gate(1), logger).run(
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
