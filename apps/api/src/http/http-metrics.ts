import { Counter, Gauge, Histogram, type Registry } from '@tenon/telemetry';
import type { FastifyInstance } from 'fastify';
import { routeOf } from './route-settings.js';

/** From what a cache answers to the deadline of a run whose caller waits. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const routeless = 'none';

/** Counts and times every request, by the pattern of its route: an address would be a label without bounds. */
export function measureRequests(server: FastifyInstance, registry: Registry): void {
  const registers = [registry];
  const seconds = new Histogram({
    name: 'tenon_http_request_duration_seconds',
    help: 'Time from the request line to the end of the answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: secondsBuckets,
    registers,
  });
  const inFlight = new Gauge({ name: 'tenon_http_requests_in_flight', help: 'Requests without an answer.', registers });
  const aborted = new Counter({
    name: 'tenon_http_requests_aborted_total',
    help: 'Requests whose client went away before the answer.',
    registers,
  });
  server.addHook('onRequest', (request, _reply, done) => {
    request.tenonIsCounted = true;
    inFlight.inc();
    done();
  });
  server.addHook('onRequestAbort', async (_request) => aborted.inc());
  server.addHook('onResponse', (request, reply, done) => {
    if (request.tenonIsCounted === true) inFlight.dec();
    request.tenonIsCounted = false;
    const labels = {
      method: request.method,
      route: routeOf(request).url ?? routeless,
      status: String(reply.statusCode),
    };
    seconds.observe(labels, reply.elapsedTime / 1_000);
    done();
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether it is among those in flight: what is refused before that, as an unknown route is, never was. */
    tenonIsCounted?: boolean;
  }
}
