import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '@tenon/config';
import { FrameReader, newId, type RunRequest, runProtocol } from '@tenon/contracts';
import { waitFor } from '@tenon/testing';
import { LinkError, RunLink } from '../src/runs/run-link.js';

/** A worker that answers nothing and notes what it was asked, connection by connection. */
async function silentWorker() {
  const connections: RunRequest[][] = [];
  const server = createServer();
  server.on('upgrade', (_request, socket) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${runProtocol}\r\n\r\n`);
    const asked: RunRequest[] = [];
    connections.push(asked);
    const reader = new FrameReader();
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece: Uint8Array) => {
      for (const { head } of reader.read(piece)) asked.push(head as RunRequest);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, connections, stop: () => server.close() };
}

function request(): RunRequest {
  return {
    runId: newId('event'),
    tenantId: newId('tenant'),
    point: 'cart.discounts',
    actor: newId('key'),
    spentMs: 0,
  };
}

describe('the link to a worker', () => {
  it('does not put to the next connection what waited to leave when the last one was lost', async () => {
    const worker = await silentWorker();
    const link = new RunLink({ url: worker.url, token: new Secret('token') });
    const [first, second, third] = [request(), request(), request()];
    const ask = (one: RunRequest) => link.ask(one, Buffer.from('{}'), 60_000).catch((error: unknown) => error);
    const answers = [ask(first)];
    await waitFor('the first question', () => worker.connections[0]?.length === 1);
    // Gathers with others that may come, and is given up with its connection before it has left.
    answers.push(ask(second));
    link.close();
    for (const answer of answers) expect(await answer).toBeInstanceOf(LinkError);
    const last = ask(third);
    await waitFor('the question behind it', () => worker.connections[1]?.length === 1);
    expect(worker.connections.map((asked) => asked.map(({ runId }) => runId))).toEqual([[first.runId], [third.runId]]);
    link.close();
    expect(await last).toBeInstanceOf(LinkError);
    worker.stop();
  });
});
