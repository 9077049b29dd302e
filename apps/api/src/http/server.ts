import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type ProblemCode, ProblemError, problems } from '@tenon/contracts';
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { isShadowed, pathOf, rememberMethods } from './allowed-methods.js';
import { addBodyParsers } from './body-parsers.js';
import { boundBodies } from './bound-bodies.js';
import { tagAnswers } from './conditional-answers.js';
import { closeConnectionsAsTheyIdle } from './drain.js';
import { requestIdOf } from './request-id.js';
import { routeOf, settingsIn } from './route-settings.js';
import { setSecurityHeaders } from './security-headers.js';
import { sendProblem } from './send-problem.js';
import { problemOf, toProblem } from './to-problem.js';

/** Bodies are small unless a route says otherwise. 1 MB is 1,000,000 bytes. */
const bodyBytesMax = 1_000_000;
/** A client that does not send its headers and body in this time is gone. */
const requestTimeoutMs = 60_000;
/** Headers come at once; whoever sends them drop by drop wants to hold a connection. */
const headersTimeoutMs = 15_000;
/** How often connections are looked over for both. */
const connectionsCheckMs = 1_000;
const headerBytesMax = 16_384;

/** The HTTP server below Nest: what holds for every request whatever route it meets. */
export function createHttpAdapter(logger: FastifyBaseLogger, trustProxy: boolean): FastifyAdapter {
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    trustProxy,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: connectionsCheckMs,
      maxHeaderSize: headerBytesMax,
    },
    connectionTimeout: requestTimeoutMs,
    keepAliveTimeout: 72_000,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      reply.header('x-request-id', request.id);
      setSecurityHeaders(reply, '/');
      sendProblem(reply, toProblem(error));
    },
    clientErrorHandler: refuseBrokenHttp,
  });
  const server: FastifyInstance = adapter.getInstance();
  addBodyParsers(server);
  boundBodies(server);
  rememberMethods(server);
  addHooks(server);
  tagAnswers(server);
  closeConnectionsAsTheyIdle(server);
  return adapter;
}

function addHooks(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    const settings = settingsIn(route.config);
    if (settings === undefined && !isDocs(route.url))
      throw new Error(`${route.url} says nothing about who may call it`);
    if (settings?.bodyBytesMax !== undefined) route.bodyLimit = settings.bodyBytesMax;
  });
  // Hooks that have nothing to wait for call back: a promise per hook and request is a tenth of what a request costs.
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    setSecurityHeaders(reply, pathOf(request));
    done(unreadable(request));
  });
  server.addHook('onResponse', (request, reply, done) => {
    const { method, tenonCaller, tenonTenantId: tenantId } = request;
    const line = { method, route: routeOf(request).url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) };
    request.log.info({ ...line, actor: tenonCaller?.actor, tenantId }, 'request');
    done();
  });
}

/** Before a body is read: what nobody asked for is not looked at. */
function unreadable(request: FastifyRequest): ProblemError | undefined {
  if (request.is404 || hasEmptyParameter(request)) return new ProblemError('not_found', 'There is no such route.');
  if (isShadowed(request)) return new ProblemError('method_not_allowed', 'The path does not know the method.');
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return undefined;
  return new ProblemError('unsupported_media_type', 'Bodies are read as they are; send them without encoding.');
}

/** The router lets `/v1/functions//versions` pass as a function without a name. */
function hasEmptyParameter({ params }: FastifyRequest): boolean {
  return typeof params === 'object' && params !== null && Object.values(params).includes('');
}

/** What Swagger UI registers by itself; everything else carries one of our access decorators. */
function isDocs(url: string): boolean {
  return url === '/openapi.json' || url === '/docs' || url.startsWith('/docs/');
}

/** What Node's parser says, where it is more than that the bytes are wrong. */
const brokenHttp: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Bytes that are not HTTP get an answer that fits the rest, and their connection is closed. */
function refuseBrokenHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = brokenHttp[error.code ?? ''] ?? 'invalid_request';
  const detail = code === 'invalid_request' ? 'The request is not valid HTTP.' : undefined;
  const body = JSON.stringify(problemOf(code, detail));
  const { status } = problems[code];
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
