import type { FastifyInstance, FastifyRequest } from 'fastify';
import { routeOf } from './route-settings.js';

const tables = new WeakMap<object, Map<string, { pattern: RegExp; methods: Set<string> }>>();

/** Notes every route as it is registered, so that an unknown method can be told from an unknown path. */
export function rememberMethods(server: FastifyInstance): void {
  const table = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  tables.set(server.server, table);
  server.addHook('onRoute', (route) => {
    const entry = table.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set<string>() };
    for (const method of [route.method].flat()) entry.methods.add(method);
    table.set(route.url, entry);
  });
}

/**
 * Whether `request` met a pattern although its path is a route of its own, which does not know the method: the router
 * takes `GET /v1/events/release` for an event named "release", where there is only `POST`.
 */
export function isShadowed(request: FastifyRequest): boolean {
  const path = pathOf(request);
  return routeOf(request).url !== path && tables.get(request.server.server)?.has(path) === true;
}

/** The methods that the path of `request` knows; none where the path itself is unknown. */
export function allowedMethods(request: FastifyRequest): readonly string[] {
  const path = pathOf(request);
  const table = tables.get(request.server.server);
  const own = table?.get(path);
  if (own !== undefined) return [...own.methods].sort();
  const methods = new Set<string>();
  for (const entry of table?.values() ?? []) {
    if (entry.pattern.test(path)) for (const method of entry.methods) methods.add(method);
  }
  return [...methods].sort();
}

/** The path of `request` as it was sent, without what follows a question mark. */
export function pathOf({ url }: FastifyRequest): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

/** `/v1/functions/:name` as a pattern. Wildcards belong to static files, which know only GET: they are left out. */
function patternOf(url: string): RegExp {
  if (url.includes('*')) return /^(?!)/;
  const segments = url.split('/').map((segment) => (segment.startsWith(':') ? '[^/]+' : escapeRegExp(segment)));
  return new RegExp(`^${segments.join('/')}$`);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
