import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Documented {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, { readonly content?: object }> }>>;
}

interface Answer {
  readonly statusCode: number;
  readonly body: string;
  readonly headers: Record<string, unknown>;
}

/** Throws for an answer that the OpenAPI document does not know or that breaks its schema there. */
export type ConformityCheck = (method: string, url: string, answer: Answer) => void;

export function createConformityCheck(document: Documented): ConformityCheck {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi');
  const routes = Object.keys(document.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
  }));
  const compiled = new Map<string, ValidateFunction>();
  return (method, url, answer) => {
    const path = new URL(url, 'http://test').pathname;
    const found = routes.filter((route) => route.pattern.test(path)).map((route) => route.path);
    const route = found.find((candidate) => !candidate.includes('{')) ?? found[0];
    const operation = route === undefined ? undefined : document.paths[route]?.[method.toLowerCase()];
    const name = `${method} ${url} -> ${answer.statusCode}`;
    if (route === undefined || operation === undefined) return assertUnknown(name, path, answer);
    const documented = operation.responses[answer.statusCode];
    if (documented === undefined) throw new Error(`${name} is not documented: ${answer.body}`);
    const type = String(answer.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
    if (documented.content === undefined) {
      if (answer.body !== '') throw new Error(`${name} has a body that is not documented`);
      return;
    }
    if (!(type in documented.content)) throw new Error(`${name} is ${type}, which is not documented`);
    // A stream of events has no schema.
    if (type === 'text/event-stream') return;
    const pointer = [route, method.toLowerCase(), 'responses', String(answer.statusCode), 'content', type, 'schema'];
    const reference = `openapi#/paths/${pointer.map(escapePointer).join('/')}`;
    const validate = compiled.get(reference) ?? ajv.compile({ $ref: reference });
    compiled.set(reference, validate);
    // Lines of JSON, streams of events and metrics are text to the document.
    if (!validate(/[/+]json$/.test(type) ? JSON.parse(answer.body) : answer.body)) {
      throw new Error(`${name} breaks its schema: ${JSON.stringify(validate.errors)} ${answer.body}`);
    }
  };
}

function assertUnknown(name: string, path: string, answer: Answer): void {
  if (path === '/openapi.json' || path.startsWith('/docs')) return;
  if (![400, 404, 405].includes(answer.statusCode)) throw new Error(`${name}: the document does not know the route`);
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
