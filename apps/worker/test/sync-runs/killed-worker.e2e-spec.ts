import { once } from 'node:events';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  FrameReader,
  frameBytes,
  newId,
  type RunAnswer,
  type RunResponse,
  runProtocol,
  workerRoutes,
} from '@tenon/contracts';
import { exampleModule, waitFor } from '@tenon/testing';
import pg from 'pg';
import { Shop } from '../support/shop.js';
import { internalToken } from '../support/worker-in-process.js';
import { buildAll, WorkerProcess } from '../support/worker-process.js';

/** Runs that are asked for at once, and once more just before the worker is killed: those it can't have answered all. */
const runs = 900;
let shop: Shop;
let owner: pg.Client;
let worker: WorkerProcess | undefined;

beforeAll(async () => {
  await buildAll();
  shop = await Shop.open();
  owner = new pg.Client({ connectionString: shop.testDatabase.ownerUrl });
  await owner.connect();
  worker = await WorkerProcess.start(shop);
  await shop.deploy('volume-discount', await exampleModule('volume-discount'));
}, 120_000);
afterAll(async () => {
  await worker?.kill();
  await owner?.end();
  await shop?.close();
});

/** The connection that an api has to its worker. */
async function openChannel(url: string): Promise<Duplex> {
  const headers = { authorization: `Bearer ${internalToken}`, connection: 'upgrade', upgrade: runProtocol };
  const asked = request(new URL(workerRoutes.runs, url), { headers, agent: false });
  const upgraded = once(asked, 'upgrade');
  asked.end();
  const [, socket] = await upgraded;
  return socket;
}

/** Keeps the executions of runs that were answered before the connection broke. */
function listen(socket: Duplex, answered: Map<string, RunResponse>): void {
  const reader = new FrameReader();
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece: Uint8Array) => {
    for (const frame of reader.read(piece)) {
      const answer: RunAnswer | undefined =
        frame.body.length > 0 ? JSON.parse(Buffer.from(frame.body).toString()) : undefined;
      for (const { execution } of answer?.functions ?? []) {
        if (execution !== undefined) answered.set(execution, frame.head as RunResponse);
      }
    }
  });
}

function ask(socket: Duplex): void {
  const body = Buffer.from('{"input":{"currency":"EUR","lines":[]}}');
  const point = { tenantId: shop.tenantId, point: 'cart.discounts', actor: 'key_test', spentMs: 0, deadlineMs: 20_000 };
  for (let number = 0; number < runs; number += 1) {
    socket.write(frameBytes(number, { ...point, runId: newId('event') }, body));
  }
}

async function recorded(ids: readonly string[]): Promise<{ rows: number; counted: number }> {
  const { rows } = await owner.query<{ id: string }>('SELECT id FROM executions WHERE id = ANY($1)', [ids]);
  const counts = await owner.query<{ all: number; counted: number }>(`
    SELECT (SELECT count(*) FROM executions)::int AS all,
           ((SELECT coalesce(sum(executions), 0) FROM usage_deltas)
             + (SELECT coalesce(sum(executions), 0) FROM usage_hours))::int AS counted`);
  const [{ all, counted } = { all: 0, counted: -1 }] = counts.rows;
  expect(counted).toBe(all);
  return { rows: rows.length, counted };
}

describe('a worker that is killed with runs in its hands', () => {
  it('loses none that it has answered, and records none twice', async () => {
    const answered = new Map<string, RunResponse>();
    const socket = await openChannel(worker?.url ?? '');
    // A connection that is reset ends with an error, and then it closes as well.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    listen(socket, answered);
    ask(socket);
    await once(socket, 'data');
    ask(socket);
    await worker?.kill();
    await closed;
    const ids = [...answered.keys()];
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.length).toBeLessThan(2 * runs);
    worker = await WorkerProcess.start(shop);
    await waitFor('every answered run to be recorded', async () => (await recorded(ids)).rows === ids.length);
  }, 60_000);
});
