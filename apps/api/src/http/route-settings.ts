import type { FastifyRequest } from 'fastify';
import type { RouteSettings } from './access.decorators.js';

/** The route that a request met. Fastify makes it anew whenever it is asked, so the first answer is kept. */
export function routeOf(request: FastifyRequest): FastifyRequest['routeOptions'] {
  request.tenonRoute ??= request.routeOptions;
  return request.tenonRoute;
}

/** What the access decorators wrote on the route that a request met. */
export function settingsOf(request: FastifyRequest): RouteSettings | undefined {
  return settingsIn(routeOf(request).config);
}

/** The same, from the configuration of a route that is being registered. */
export function settingsIn(config: unknown): RouteSettings | undefined {
  return typeof config === 'object' && config !== null ? Reflect.get(config, 'tenon') : undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** See {@link routeOf}. */
    tenonRoute?: FastifyRequest['routeOptions'];
  }
}
