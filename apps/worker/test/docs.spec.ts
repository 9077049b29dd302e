import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { batchesTogetherMax } from '@tenon/database';
import { repositoryRoot } from '@tenon/testing';
import { buildSettings } from '../src/builds/build-settings.js';
import { executionSettings } from '../src/executions/execution-settings.js';
import { runMsPerGuestThread } from '../src/platform/sandbox-gate.js';
import {
  eventsPerGuestThread,
  eventsPerGuestThreadBesideOthers,
  runsPerGuestThread,
} from '../src/platform/worker-settings.js';
import { lossesMax } from '../src/relay/lost-batch.js';
import { defaultRelaySettings } from '../src/relay/relay-settings.js';
import { testRunsMax } from '../src/test-runs/test-run.service.js';

const bounds: readonly (readonly [string, number])[] = [
  ['jobs that wait in BullMQ, beside one for each free place of a worker', defaultRelaySettings.jobsWaitingMax],
  ['events in one look of the sweep, of the newest and of all others each', defaultRelaySettings.sweepEventsMax],
  ['events in one job', defaultRelaySettings.eventsPerJobMax],
  [
    "events in a worker's hands before it begins no further job, but small ones of tenants that have none in hand, per guest thread",
    eventsPerGuestThread,
  ],
  [
    'the same for a second after a tenant came that had nothing in line or in hand, per guest thread',
    eventsPerGuestThreadBesideOthers,
  ],
  ['runs in the sandboxes at once, per guest thread', runsPerGuestThread],
  ['milliseconds of runs in the sandboxes at once, per guest thread, beyond two runs', runMsPerGuestThread],
  ['executions in one commit, whole events only', executionSettings.executionsPerRecordMax],
  ['executions in one commit of several batches', executionSettings.executionsShared],
  ['characters of inputs, outputs and logs in one commit of several events', executionSettings.charactersPerRecordMax],
  ['jobs that share one commit', executionSettings.batchesPerRecordMax],
  ['tenants that share one commit', batchesTogetherMax],
  ['tries of an event that fails on our side', executionSettings.triesMax],
  ['lost jobs of one event before it is dead', lossesMax],
  ['uploads handed to the sandboxes at once, which build two at a time', buildSettings.concurrency],
  ['test runs that wait for their answer; one more gets 503', testRunsMax],
];

describe('docs/pipeline.md', () => {
  it.each(bounds)('says of "%s" what the code does', async (what, bound) => {
    const page = await readFile(path.join(repositoryRoot, 'docs/pipeline.md'), 'utf8');
    const row = page.split('\n').find((line) => line.startsWith(`| ${what} |`));
    expect(row?.split('|')[2]?.trim()).toBe(bound.toLocaleString('en-US'));
  });
});
