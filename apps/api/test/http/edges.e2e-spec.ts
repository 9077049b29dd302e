import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '@tenon/contracts';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let tenant: TestTenant;
let port: number;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.createTenant();
  await api.app.listen(0, '127.0.0.1');
  const address = api.app.getHttpServer().address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => api.close());

/** Sends bytes as they are and gives back everything that comes until the other side closes. */
function exchange(...parts: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1', () => {
    for (const part of parts) socket.write(part);
  });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', reject);
  socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  return promise;
}

const head = (...lines: readonly string[]) =>
  [
    'POST /v1/functions HTTP/1.1',
    'Host: test',
    'Content-Type: application/json',
    `Authorization: Bearer ${tenant.key}`,
    ...lines,
    '',
    '',
  ].join('\r\n');

describe('bytes that are hardly a request', () => {
  test('two lengths that disagree are refused, so that no proxy reads another request than we do', async () => {
    for (const lines of [
      ['Content-Length: 5', 'Content-Length: 6'],
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      ['Content-Length: -1'],
      ['Content-Length: 5x'],
    ]) {
      const answer = await exchange(head(...lines), 'hello');
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('"code":"invalid_request"');
    }
  });

  test('a body that is shorter than it said is waited for, and nothing happens when its sender goes', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`${head('Content-Length: 100')}{"name":"cut"`);
    await new Promise<void>((resolve) => socket.end(() => resolve()));
    const list = await api.request({ method: 'GET', url: '/v1/functions', key: tenant.key });
    expect(list.json().items).toEqual([]);
  });

  test('headers beyond 16 kB are refused by name', async () => {
    const answer = await exchange(head(`X-Filler: ${'x'.repeat(20_000)}`));
    expect(answer).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
    expect(answer).toContain('"code":"headers_too_large"');
  });

  test('headers that come drop by drop are waited for no longer than their time', async () => {
    const server = api.app.getHttpServer();
    const { headersTimeout } = server;
    server.headersTimeout = 50;
    const answer = await exchange('GET /healthz HTTP/1.1\r\nHost: te');
    server.headersTimeout = headersTimeout;
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('"code":"request_timeout"');
  });

  test('what is not HTTP at all gets a 400 and is hung up on', async () => {
    expect(await exchange('\u0016\u0003\u0001\u0002\u0000\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('a body with a content-encoding', () => {
  test.each(['gzip', 'br', 'identity, gzip', 'x'])(
    '%s is refused on every route, before it is read',
    async (encoding) => {
      const routes = [
        ['POST', '/v1/functions'],
        ['POST', '/v1/events'],
        ['POST', '/v1/functions/any/versions'],
        ['PUT', '/v1/plans/any'],
      ] as const;
      for (const [method, url] of routes) {
        const headers = { 'content-encoding': encoding, 'content-type': 'application/json' };
        const answer = await api.request({ method, url, key: tenant.key, headers, payload: 'not even looked at' });
        expect([url, answer.statusCode, answer.json().code]).toEqual([url, 415, 'unsupported_media_type']);
      }
    },
  );
});

describe('a body of another type', () => {
  test('bytes sent to a route that reads JSON are refused, and not taken for JSON by mistake', async () => {
    for (const url of ['/v1/events', '/v1/functions', `/v1/webhooks/${newId('webhookSource')}`]) {
      for (const type of ['application/octet-stream', 'application/wasm', 'text/plain']) {
        const headers = {
          'content-type': type,
          'ce-specversion': '1.0',
          'ce-id': '1',
          'ce-source': '/s',
          'ce-type': 't',
        };
        const answer = await api.request({ method: 'POST', url, key: tenant.key, headers, payload: 'hi' });
        expect([url, type, answer.statusCode]).toEqual([url, type, 415]);
        expect(answer.json().detail).toContain('application/json');
      }
    }
  });

  test('types that end in +json are JSON', async () => {
    const headers = { 'content-type': 'application/vnd.shop+json; charset=utf-8' };
    const answer = await api.request({ method: 'POST', url: '/v1/functions', key: tenant.key, headers, payload: '{}' });
    expect(answer.json().code).toBe('invalid_request');
    const broken = await api.request({ method: 'POST', url: '/v1/functions', key: tenant.key, headers, payload: '{' });
    expect(broken.json().code).toBe('invalid_json');
  });

  test('one that is too large is told how large it may be', async () => {
    const payload = JSON.stringify('x'.repeat(1_000_001));
    const headers = { 'content-type': 'application/json' };
    const answer = await api.request({ method: 'POST', url: '/v1/functions', key: tenant.key, headers, payload });
    expect(answer.json()).toMatchObject({
      code: 'payload_too_large',
      detail: 'The body may have 1000000 bytes at most.',
    });
  });
});

describe('who may ask from a browser', () => {
  test('no page of another origin: nothing is answered to a preflight, and no header lets it read', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    for (const url of ['/v1/functions', '/v1/events', '/healthz']) {
      const preflight = await api.request({ method: 'OPTIONS', url, headers });
      expect([url, preflight.statusCode]).toEqual([url, 405]);
      const read = await api.request({ method: 'GET', url, headers, key: tenant.key });
      for (const answer of [preflight, read]) {
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
      expect(preflight.headers['cross-origin-resource-policy']).toBe('same-origin');
    }
  });
});

describe('methods', () => {
  test('are what the request line says, whatever a header wants them to be', async () => {
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      const answer = await api.request({
        method: 'POST',
        url: '/v1/functions?_method=DELETE',
        key: tenant.key,
        headers: { [name]: 'GET' },
        payload: {},
      });
      expect(answer.json().code).toBe('invalid_request');
    }
  });

  test('that a path does not know are refused with those that it does', async () => {
    for (const method of ['HEAD', 'OPTIONS', 'PATCH', 'DELETE'] as const) {
      const answer = await api.request({ method, url: '/v1/functions', key: tenant.key });
      expect([method, answer.statusCode, answer.headers.allow]).toEqual([method, 405, 'GET, POST']);
    }
  });
});

test('a path of its own is not taken for a name in the pattern beside it', async () => {
  for (const [method, url, allow] of [
    ['GET', '/v1/events/release', 'POST'],
    ['DELETE', '/v1/dead-letters/replay?x=1', 'POST'],
  ] as const) {
    const answer = await api.request({ method, url, key: tenant.key });
    expect([url, answer.statusCode, answer.headers.allow]).toEqual([url, 405, allow]);
  }
});

test('names that climb out of their folder name nothing', async () => {
  for (const name of ['..', '%2e%2e', '..%2f..%2fetc', '%00', '.%00.', '%5c..%5c', '%c0%ae']) {
    const answer = await api.request({ method: 'GET', url: `/v1/functions/${name}`, key: tenant.key });
    expect([name, answer.statusCode]).toEqual([name, answer.statusCode === 400 ? 400 : 404]);
  }
});

test('whatever media type is asked for, the answer is JSON and says so', async () => {
  for (const accept of ['text/html', 'application/xml', 'image/*;q=1', '*/*;q=0', 'nonsense']) {
    const answer = await api.request({ method: 'GET', url: '/v1/functions', key: tenant.key, headers: { accept } });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  }
});
