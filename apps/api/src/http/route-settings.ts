import type { FastifyRequest } from 'fastify';
import type { RouteSettings } from './access.decorators.js';

/** What the access decorators wrote on the route that a request met. */
export function settingsOf(request: FastifyRequest): RouteSettings | undefined {
  return settingsIn(request.routeOptions.config);
}

/** The same, from the configuration of a route that is being registered. */
export function settingsIn(config: unknown): RouteSettings | undefined {
  return typeof config === 'object' && config !== null ? Reflect.get(config, 'tenon') : undefined;
}
