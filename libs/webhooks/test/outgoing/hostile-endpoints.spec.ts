import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { AllowedTargets, answerBytesKept, WebhookSender } from '@tenon/webhooks';

const timeoutMs = 400;
const open: Array<() => void> = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** An endpoint that says what it likes on the bare connection, once it has read the beginning of a request. */
async function startRaw(answer: (socket: Socket, request: number) => void): Promise<string> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('data', () => {
      requests += 1;
      answer(socket, requests);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function newSender(): WebhookSender {
  const allowed = new AllowedTargets(['127.0.0.1']);
  const sender = new WebhookSender({ allowed, resolve: async () => [], timeoutMs });
  open.push(() => sender.close());
  return sender;
}

/** Goes on saying the same until the other side hangs up. */
function forever(socket: Socket, first: string, again: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write(again), 5);
  socket.on('close', () => clearInterval(timer));
}

const gzipBomb = gzipSync(Buffer.alloc(20_000_000));

test.each<[string, (socket: Socket) => void, string]>([
  [
    'headers without an end',
    (s) => forever(s, 'HTTP/1.1 200 OK\r\n', `x-${'y'.repeat(8_000)}: z\r\n`),
    'hpe_header_overflow',
  ],
  ['headers byte by byte', (s) => forever(s, 'HTTP/1.1 200 OK\r\nx-slow: ', 'z'), 'timeout'],
  ['one interim answer after the other', (s) => forever(s, '', 'HTTP/1.1 100 Continue\r\n\r\n'), 'timeout'],
  ['something that is not HTTP', (s) => s.end('220 mail.example.com ESMTP\r\n'), 'hpe_invalid_constant'],
  ['nothing, and hangs up', (s) => s.destroy(), 'econnreset'],
])('an endpoint that sends %s is an attempt that failed, in its time', async (_what, answer, error) => {
  const url = await startRaw(answer);
  const startMs = performance.now();
  expect(await newSender().post(url, {}, '{}')).toMatchObject({ statusCode: null, error });
  expect(performance.now() - startMs).toBeLessThan(10 * timeoutMs);
});

test('an endpoint that wants to change protocols is given up, not waited for', async () => {
  const url = await startRaw((socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  });
  expect(await newSender().post(url, {}, '{}')).toMatchObject({ statusCode: 101, body: '', error: null });
});

test.each<[string, (socket: Socket) => void]>([
  ['has no end', (s) => forever(s, 'HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n', 'x'.repeat(60_000))],
  [
    'comes in chunks for ever',
    (s) => forever(s, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '1\r\nx\r\n'),
  ],
  [
    'would be a thousand times as long unpacked',
    (s) => {
      s.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${gzipBomb.length}\r\n\r\n`);
      s.write(gzipBomb);
    },
  ],
  ['is shorter than it said', (s) => s.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nshort')],
  ['is no text', (s) => s.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), Buffer.from([0, 255, 254, 0])]))],
])('an answer whose body %s counts by its status, and little of it is kept', async (_what, answer) => {
  const result = await newSender().post(await startRaw(answer), {}, '{}');
  expect(result).toMatchObject({ statusCode: 200, error: null });
  expect(result.body.length).toBeLessThanOrEqual(answerBytesKept);
});

test('a second answer that nobody asked for is not taken for that to the next message', async () => {
  const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
  const url = await startRaw((socket, request) => {
    socket.write(request === 1 ? `${ok}HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n` : ok);
  });
  const sender = newSender();
  expect(await sender.post(url, {}, '{}')).toMatchObject({ statusCode: 200 });
  expect(await sender.post(url, {}, '{}')).toMatchObject({ statusCode: 200 });
});

test('names that nobody answers for hold two lookups and no more, and each name one', async () => {
  const asked: string[] = [];
  const answers = new Map<string, (addresses: readonly string[]) => void>();
  const resolve = (host: string) => {
    asked.push(host);
    return new Promise<readonly string[]>((answer) => answers.set(host, answer));
  };
  const allowed = new AllowedTargets(['a.internal', 'b.internal', 'c.internal']);
  const sender = new WebhookSender({ allowed, resolve, timeoutMs });
  open.push(() => sender.close());
  const post = (host: string) => sender.post(`http://${host}/`, {}, '{}');
  const results = await Promise.all(['a.internal', 'a.internal', 'b.internal', 'c.internal', 'a.internal'].map(post));
  expect(results.map(({ error }) => error)).toEqual(Array.from({ length: 5 }, () => 'timeout'));
  expect(asked).toEqual(['a.internal', 'b.internal']);
  // The turn of the next one comes when a name is answered for at last.
  answers.get('a.internal')?.([]);
  expect(await post('c.internal')).toMatchObject({ error: 'timeout' });
  expect(asked).toEqual(['a.internal', 'b.internal', 'c.internal']);
});

test("a name that is not found takes nobody else's turn", async () => {
  const resolve = async (host: string) => {
    if (host !== 'good.internal') throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    return ['127.0.0.1'];
  };
  const url = new URL(await startRaw((socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n')));
  url.hostname = 'good.internal';
  const hosts = ['x.internal', 'y.internal', 'z.internal', 'good.internal'];
  const sender = new WebhookSender({ allowed: new AllowedTargets(hosts), resolve, timeoutMs });
  open.push(() => sender.close());
  for (const host of hosts.slice(0, 3)) {
    expect(await sender.post(`http://${host}/`, {}, '{}')).toMatchObject({ error: 'enotfound' });
  }
  expect(await sender.post(url.href, {}, '{}')).toMatchObject({ statusCode: 204, address: '127.0.0.1' });
});
