import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { AllowedTargets, newStandardSecret, type SenderOptions, signedHeaders, WebhookSender } from '@tenon/webhooks';
import { Webhook } from 'standardwebhooks';
import { startDnsStub } from './dns-stub.js';
import { certificate, privateKey } from './test-certificate.js';

const open: Array<() => void | Promise<void>> = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface TestServer {
  readonly port: number;
  readonly received: readonly Received[];
  /** TCP connections, whatever came over them. */
  connections(): number;
}

async function startServer(answer: (response: ServerResponse, request: IncomingMessage) => void): Promise<TestServer> {
  const received: Received[] = [];
  let connections = 0;
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    answer(response, request);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, received, connections: () => connections };
}

function senderWith(options: Partial<SenderOptions>): WebhookSender {
  const allowed = new AllowedTargets(['127.0.0.1']);
  const sender = new WebhookSender({ allowed, resolve: async () => [], timeoutMs: 2_000, ...options });
  open.push(() => sender.close());
  return sender;
}

const noTargets = { allowed: new AllowedTargets() };

describe('sending', () => {
  test('signs so that the library of Standard Webhooks accepts it, with each of two live secrets', async () => {
    const server = await startServer((response) => response.end('thanks'));
    const secrets = [newStandardSecret(), newStandardSecret()];
    const body = '{"type":"execution.succeeded","data":{"text":"ü"}}';
    const headers = signedHeaders({ id: 'dlv_1', timestampMs: Date.now(), body }, secrets);
    const result = await senderWith({}).post(`http://127.0.0.1:${server.port}/hooks`, headers, body);
    expect(result).toEqual({
      statusCode: 200,
      body: 'thanks',
      retryAfter: undefined,
      address: '127.0.0.1',
      error: null,
    });
    const [message] = server.received;
    for (const secret of secrets) {
      const verified = new Webhook(secret).verify(message?.body ?? '', message?.headers as Record<string, string>);
      expect(verified).toEqual(JSON.parse(body));
    }
    expect(() => new Webhook(newStandardSecret()).verify(message?.body ?? '', headers)).toThrow();
  });

  test('does not follow a redirect: it is an answer like any other', async () => {
    const inside = await startServer((response) => response.end('secret'));
    const server = await startServer((response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/latest/meta-data/` }).end();
    });
    const allowed = new AllowedTargets(['hooks.example.com']);
    const sender = senderWith({ allowed, resolve: async () => ['127.0.0.1'] });
    const result = await sender.post(`http://hooks.example.com:${server.port}/`, {}, '{}');
    expect(result).toMatchObject({ statusCode: 302, body: '' });
    expect(inside.connections()).toBe(0);
  });

  test('keeps the beginning of a long answer, and the status of one that never ends', async () => {
    const long = await startServer((response) => response.end('x'.repeat(5_000_000)));
    const endless = await startServer((response) => {
      response.writeHead(200);
      response.write('slow');
    });
    const sender = senderWith({ timeoutMs: 300 });
    const result = await sender.post(`http://127.0.0.1:${long.port}/`, {}, '{}');
    expect(result.body).toBe('x'.repeat(1_000));
    expect(await sender.post(`http://127.0.0.1:${endless.port}/`, {}, '{}')).toMatchObject({
      statusCode: 200,
      body: 'slow',
    });
  });

  test('gives up an endpoint that does not answer, and says so', async () => {
    const silent = await startServer(() => undefined);
    const sender = senderWith({ timeoutMs: 200 });
    expect(await sender.post(`http://127.0.0.1:${silent.port}/`, {}, '{}')).toMatchObject({
      error: 'timeout',
      address: '127.0.0.1',
    });
    const closed = await startServer((response) => response.destroy());
    expect(await sender.post(`http://127.0.0.1:${closed.port}/`, {}, '{}')).toMatchObject({ error: 'econnreset' });
    expect(await sender.post('http://127.0.0.1:1/', {}, '{}')).toMatchObject({ error: 'econnrefused' });
  });

  test('hands on what Retry-After says', async () => {
    const server = await startServer((response) => response.writeHead(429, { 'retry-after': '17' }).end());
    const result = await senderWith({}).post(`http://127.0.0.1:${server.port}/`, {}, '{}');
    expect(result).toMatchObject({ statusCode: 429, retryAfter: '17' });
  });

  test('never asks a proxy that the environment names', async () => {
    const proxy = await startServer((response) => response.end());
    process.env.HTTP_PROXY = `http://127.0.0.1:${proxy.port}`;
    open.push(() => {
      delete process.env.HTTP_PROXY;
    });
    const server = await startServer((response) => response.end());
    await senderWith({}).post(`http://127.0.0.1:${server.port}/`, {}, '{}');
    expect(proxy.connections()).toBe(0);
  });
});

describe('a server that answers DNS questions differently each time', () => {
  test('never gets the connection: what was checked is what is connected to', async () => {
    const inside = await startServer((response) => response.end('secret'));
    // The first answer is public (and leads nowhere), every later one is where the attacker wants to get to.
    const dns = await startDnsStub(['192.88.98.1', '127.0.0.1']);
    open.push(() => dns.close());
    const sender = senderWith({ ...noTargets, resolve: dns.resolve, timeoutMs: 400 });
    const url = `https://rebinding.example.com:8443/`;
    const first = await sender.post(url, {}, '{}');
    expect(first.address).not.toBe('127.0.0.1');
    expect(first.error).not.toBeNull();
    // One question for one connection: nothing is asked again between the check and the connection.
    expect(dns.asked).toEqual(['rebinding.example.com']);
    expect(await sender.post(url, {}, '{}')).toMatchObject({ error: 'address_not_allowed' });
    expect(dns.asked).toHaveLength(2);
    expect(inside.connections()).toBe(0);
  });

  test('gets no connection on the very port where something listens inside', async () => {
    const inside = await startServer((response) => response.end('secret'));
    const dns = await startDnsStub(['127.0.0.1']);
    open.push(() => dns.close());
    const sender = senderWith({ ...noTargets, resolve: dns.resolve });
    for (const scheme of ['http', 'https']) {
      const result = await sender.post(`${scheme}://rebinding.example.com:${inside.port}/`, {}, '{}');
      expect(result.statusCode).toBeNull();
    }
    // Past the port and the scheme: the operator allows this host's port, not its address.
    const result = await senderWith({ ...noTargets, resolve: dns.resolve }).post(
      'https://rebinding.example.com/',
      {},
      '{}',
    );
    expect(result).toMatchObject({ error: 'address_not_allowed', address: null });
    expect(inside.connections()).toBe(0);
  });

  test('reaches no private address through a network that the operator did not name', async () => {
    const inside = await startServer((response) => response.end('secret'));
    const allowed = new AllowedTargets(['10.0.0.0/8']);
    const sender = senderWith({ allowed, resolve: async () => ['127.0.0.1'] });
    await sender.post(`https://hooks.example.com:8443/`, {}, '{}');
    await sender.post(`http://127.0.0.1:${inside.port}/`, {}, '{}');
    expect(inside.connections()).toBe(0);
  });
});

describe('TLS', () => {
  /** A server that says it is hooks.example.com, and how many requests came through to it. */
  async function startSecureServer() {
    let requests = 0;
    const server = createSecureServer({ cert: certificate, key: privateKey }, (_request, response) => {
      requests += 1;
      response.end('ok');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { port: (server.address() as AddressInfo).port, requests: () => requests };
  }

  const toLoopback = {
    allowed: new AllowedTargets(['hooks.example.com', 'other.example.com']),
    resolve: async () => ['127.0.0.1'],
  };

  test('holds for the name in the URL, not for the address that it led to', async () => {
    const server = await startSecureServer();
    const sender = senderWith({ ...toLoopback, ca: certificate });
    const url = (host: string) => `https://${host}:${server.port}/`;
    expect(await sender.post(url('hooks.example.com'), {}, '{}')).toMatchObject({ statusCode: 200, body: 'ok' });
    const other = await sender.post(url('other.example.com'), {}, '{}');
    expect(other).toMatchObject({ statusCode: null, error: 'err_tls_cert_altname_invalid' });
    expect(server.requests()).toBe(1);
  });

  test('trusts no certificate that nobody vouches for, whatever the environment says', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    open.push(() => {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    });
    const server = await startSecureServer();
    const result = await senderWith(toLoopback).post(`https://hooks.example.com:${server.port}/`, {}, '{}');
    expect(result).toMatchObject({ statusCode: null, error: 'depth_zero_self_signed_cert' });
    expect(server.requests()).toBe(0);
  });
});
