import type { FastifyInstance } from 'fastify';

/** How often connections that became idle while the server closes are looked for. */
const lookMs = 50;

/**
 * Lets a closing server end with its last answer. Without this, a connection whose request was in flight when the
 * closing began is kept alive after its answer, and the server waits for it until its keep-alive time is over.
 */
export function closeConnectionsAsTheyIdle(fastify: FastifyInstance): void {
  const { server } = fastify;
  fastify.addHook('preClose', async () => {
    const timer = setInterval(() => server.closeIdleConnections(), lookMs);
    timer.unref();
    server.once('close', () => clearInterval(timer));
  });
}
