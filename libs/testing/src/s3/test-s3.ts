import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BucketState, S3Fault } from './bucket-state.js';
import { answerTo, faultBody, type S3Answer } from './operations.js';
import { type S3Account, signatureFault } from './signature.js';

/** A bucket of one's own behind a real HTTP server. */
export interface TestS3 extends S3Account {
  readonly endpoint: string;
  readonly bucket: string;
  readonly state: BucketState;
  /** Makes the next `count` requests fail, as an overloaded store would. */
  failNext(count: number): void;
  close(): Promise<void>;
}

const bodyBytesMax = 64 * 1024 * 1024;

/** Starts a server that speaks as much of S3 as a content-addressed store needs, and checks every signature. */
export async function createTestS3(): Promise<TestS3> {
  const account: S3Account = {
    accessKeyId: 'test',
    secretAccessKey: randomBytes(16).toString('hex'),
    region: 'test-1',
  };
  const bucket = 'tenon';
  const state = new BucketState();
  let failures = 0;
  const server = createServer((request, response) => {
    const failing = failures > 0;
    failures -= failing ? 1 : 0;
    handle(request, { account, bucket, state, failing }).then(
      (answer) => send(request, response, answer),
      (error: unknown) => send(request, response, answerOf(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...account,
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    state,
    failNext: (count) => {
      failures = count;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Served {
  readonly account: S3Account;
  readonly bucket: string;
  readonly state: BucketState;
  readonly failing: boolean;
}

async function handle(request: IncomingMessage, { account, bucket, state, failing }: Served): Promise<S3Answer> {
  const body = await bodyOf(request);
  if (failing) throw new S3Fault('SlowDown', 503);
  const fault = signatureFault(request, body, account);
  if (fault !== null) throw new S3Fault(fault, 403);
  const url = new URL(request.url ?? '/', 'http://s3');
  const [, first, ...key] = decodeURIComponent(url.pathname).split('/');
  if (first !== bucket) throw new S3Fault('NoSuchBucket', 404);
  const { method = 'GET', headers } = request;
  return answerTo(state, { method, key: key.join('/'), query: url.searchParams, headers, body });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > bodyBytesMax) throw new S3Fault('EntityTooLarge', 400);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function answerOf(error: unknown): S3Answer {
  const fault = error instanceof S3Fault ? error : new S3Fault('InternalError', 500);
  return { status: fault.status, body: faultBody(fault) };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status = 200, headers, body = '' }: S3Answer,
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}
