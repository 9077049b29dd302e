import type { FastifyInstance, FastifyRequest } from 'fastify';

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

/** The methods that the path of `request` knows; none where the path itself is unknown. */
export function allowedMethods(request: FastifyRequest): readonly string[] {
  const path = request.url.split('?', 1)[0] ?? '';
  const methods = new Set<string>();
  for (const entry of tables.get(request.server.server)?.values() ?? []) {
    if (entry.pattern.test(path)) for (const method of entry.methods) methods.add(method);
  }
  return [...methods].sort();
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
