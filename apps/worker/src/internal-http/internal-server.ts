import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type ProblemCode,
  ProblemError,
  type TestRunAnswer,
  type TestRunRequest,
  testRunRequestSchema,
  type WorkerRefusal,
  workerRefusalSchema,
  workerRoutes,
} from '@tenon/contracts';
import type { Logger, Registry } from '@tenon/telemetry';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { SyncRunService } from '../sync-runs/sync-run.service.js';
import { bearerMatches } from './bearer.js';
import { type ReadinessProbe, readiness } from './readiness.js';
import { acceptRunChannel } from './run-channel.js';

/** A test input may be as large as an event of the largest extension point, as JSON text inside JSON. */
const bodyBytesMax = 34_000_000;

export interface InternalServerOptions {
  readonly token: string;
  /** Opens the metrics, beside `token`. */
  readonly metricsToken?: string | undefined;
  readonly metrics: Registry;
  readonly probes: readonly ReadinessProbe[];
  /** Runs of points whose caller waits; absent where nobody asks for them. */
  readonly runs?: Pick<SyncRunService, 'run' | 'load'>;
  readonly runTest: (request: TestRunRequest) => Promise<TestRunAnswer>;
  readonly logger: Logger;
}

/** The worker's endpoint for the api and for health checks. It is not public; everything but health needs the token. */
export function createInternalServer(options: InternalServerOptions): FastifyInstance {
  const server = fastify({ bodyLimit: bodyBytesMax, forceCloseConnections: 'idle' });
  server.setErrorHandler((error, _request, reply) => refuse(reply, error, options.logger));
  server.get(workerRoutes.health, async () => ({ status: 'ok' }));
  server.get(workerRoutes.readiness, async (_request, reply) => {
    const state = await readiness(options.probes);
    return reply.code(state.status === 'ready' ? 200 : 503).send(state);
  });
  const onRequest = async (request: FastifyRequest) => {
    if (bearerMatches(request.headers.authorization, options.token)) return;
    throw new ProblemError('unauthenticated', 'the internal token is needed');
  };
  server.get(workerRoutes.metrics, async ({ headers: { authorization } }, reply) => {
    const tokens = [options.token, options.metricsToken].filter((token) => token !== undefined);
    if (!tokens.some((token) => bearerMatches(authorization, token))) {
      throw new ProblemError('unauthenticated', 'the token for metrics is needed');
    }
    return reply.type(options.metrics.contentType).send(await options.metrics.metrics());
  });
  const { runs, token, logger } = options;
  if (runs !== undefined) keepChannels(server, acceptRunChannel({ runs, token, logger }));
  server.post(workerRoutes.testRuns, { onRequest }, async (request) => {
    const wanted = testRunRequestSchema.safeParse(request.body);
    if (!wanted.success) throw new ProblemError('invalid_request', 'the body is not a test run');
    return options.runTest(wanted.data);
  });
  return server;
}

/** A connection that was upgraded is no business of the HTTP server any more, so it is closed here. */
function keepChannels(server: FastifyInstance, accept: ReturnType<typeof acceptRunChannel>): void {
  const sockets = new Set<Duplex>();
  server.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    accept(request, socket);
  });
  server.addHook('preClose', async () => {
    for (const socket of sockets) socket.end();
  });
}

function refuse(reply: FastifyReply, error: unknown, logger: Logger): FastifyReply {
  const refusal = refusalFor(error);
  if (refusal.code === 'internal') logger.error({ err: error }, 'an internal request failed');
  if (refusal.status === 503) reply.header('retry-after', '1');
  const body: WorkerRefusal = { code: refusal.code, detail: refusal.detail };
  return reply.code(refusal.status).send(body);
}

function refusalFor(error: unknown): WorkerRefusal & { readonly status: number } {
  if (error instanceof ProblemError) {
    return { code: refusalCode(error.code), detail: error.detail, status: error.status };
  }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) return { code: 'invalid_request', detail: 'the request is not valid', status };
  return { code: 'internal', detail: 'the worker failed', status: 500 };
}

function refusalCode(code: ProblemCode): WorkerRefusal['code'] {
  const known = workerRefusalSchema.shape.code.safeParse(code);
  return known.success ? known.data : 'internal';
}
