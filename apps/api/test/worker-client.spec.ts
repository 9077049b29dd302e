import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Secret } from '@tenon/config';
import { newId } from '@tenon/contracts';
import { createWorkerClient } from '../src/platform/worker-client.js';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Seen {
  method?: string | undefined;
  url?: string | undefined;
  authorization?: string | undefined;
  body?: unknown;
}

/** A worker that gives one answer and remembers what it was asked. */
async function workerThatAnswers(status: number, body: string) {
  const seen: Seen = {};
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { method, url, headers } = request;
    Object.assign(seen, { method, url, authorization: headers.authorization, body: JSON.parse(text) });
    response.writeHead(status, { 'content-type': 'application/json', location: 'http://127.0.0.1:1/' }).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { seen, client: createWorkerClient({ url: `http://127.0.0.1:${port}`, token: new Secret('the-token') }) };
}

const request = { tenantId: newId('tenant'), versionId: newId('version'), input: '{"total":1}' };

describe('the client of the worker', () => {
  test('asks with the token and hands the execution id on', async () => {
    const executionId = newId('execution');
    const { seen, client } = await workerThatAnswers(200, JSON.stringify({ executionId }));
    expect(await client.testRun(request)).toBe(executionId);
    expect(seen).toEqual({
      method: 'POST',
      url: '/internal/v1/test-runs',
      authorization: 'Bearer the-token',
      body: request,
    });
  });

  test.each([
    ['a refusal is passed on', 409, { code: 'version_not_ready', detail: 'It is building.' }, 'version_not_ready'],
    ['a busy worker is worth another try', 503, { code: 'unavailable', detail: 'Busy.' }, 'unavailable'],
    ['a token that it does not know is our fault', 401, { code: 'unauthenticated', detail: 'No.' }, 'internal'],
    ['an answer of another kind is our fault', 400, { hello: 'world' }, 'internal'],
  ])('%s', async (_name, status, body, code) => {
    const { client } = await workerThatAnswers(status, JSON.stringify(body));
    await expect(client.testRun(request)).rejects.toMatchObject({ code });
  });

  test('what is not JSON, a redirect and nobody at all are worth another try', async () => {
    const { client: broken } = await workerThatAnswers(200, '<html>');
    await expect(broken.testRun(request)).rejects.toMatchObject({ code: 'unavailable' });
    const { client: redirecting } = await workerThatAnswers(302, '{}');
    await expect(redirecting.testRun(request)).rejects.toMatchObject({ code: 'unavailable' });
    const nobody = createWorkerClient({ url: 'http://127.0.0.1:1', token: new Secret('x') });
    await expect(nobody.testRun(request)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
