import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { problems } from '@tenon/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { apiVersion } from '../src/version.js';
import { startTestApi, type TestApi } from './support/test-api.js';

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly responses: Record<string, { readonly description: string; readonly content?: object }>;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

interface Document {
  readonly openapi: string;
  readonly servers: readonly object[];
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: Record<string, Record<string, object>> & { readonly schemas: Record<string, object> };
}

let api: TestApi;
let document: Document;

beforeAll(async () => {
  api = await startTestApi();
  document = (await api.request({ method: 'GET', url: '/openapi.json' })).json();
});
afterAll(() => api.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

describe('the OpenAPI document', () => {
  test('is 3.1, and every reference leads somewhere', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.servers).toEqual([{ url: 'https://tenon.test' }]);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      const [, , kind = '', name = ''] = reference.split('/');
      expect(Object.keys(document.components)).toContain(kind);
      expect(Object.keys(document.components[kind] ?? {})).toContain(name);
    }
  });

  test('every component is a JSON Schema of draft 2020-12 whose examples fit it', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });
    addFormats.default(ajv);
    const definitions = JSON.parse(
      JSON.stringify(document.components.schemas).replaceAll('#/components/schemas/', '#/$defs/'),
    );
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const validate = ajv.compile({ $ref: `#/$defs/${name}`, $defs: definitions });
      const examples = 'examples' in schema && Array.isArray(schema.examples) ? schema.examples : [];
      for (const example of examples) {
        validate(example);
        expect([name, validate.errors]).toEqual([name, null]);
      }
    }
  });

  test('every operation has a summary, a name of its own, its path parameters and its refusals', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { path, operation } of operations()) {
      expect(operation.summary).toBeTruthy();
      const inPath = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      expect(inPath.sort()).toEqual([...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]).sort());
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['500', '503']));
      if (operation.security !== undefined) expect(Object.keys(operation.responses)).toContain('401');
    }
  });

  test('every problem code stands under its own status', () => {
    for (const { operation } of operations()) {
      for (const [status, { description }] of Object.entries(operation.responses)) {
        for (const [, code] of description.matchAll(/`([a-z_]+)`:/g)) {
          expect(String(Object.entries(problems).find(([name]) => name === code)?.[1].status)).toBe(status);
        }
      }
    }
  });

  test('the version is that of the package', () => {
    const { version } = createRequire(import.meta.url)('../../../package.json');
    expect(apiVersion).toBe(version);
  });
});

describe('/docs', () => {
  test('shows the document with nothing from elsewhere, and no script of its own in the page', async () => {
    const page = await api.request({ method: 'GET', url: '/docs' });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.body).not.toMatch(/(?:src|href)="https?:/);
    expect(page.body).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-init.js']) {
      expect((await api.request({ method: 'GET', url: `/docs/${file}` })).statusCode).toBe(200);
    }
  });
});

describe('answers to anything', () => {
  test('an unknown path is 404, a known path with another method is 405 and says which it knows', async () => {
    const unknown = await api.request({ method: 'GET', url: '/v1/nothing' });
    expect([unknown.statusCode, unknown.headers['content-type']]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
    const wrong = await api.request({ method: 'DELETE', url: '/healthz' });
    expect([wrong.statusCode, wrong.headers.allow]).toEqual([405, 'GET']);
  });

  test('a JSON body beyond its bound is refused, whether its length was told or not', async () => {
    const tenant = await api.createTenant();
    const ask = (payload: string | Readable) => {
      const headers = { 'content-type': 'application/json' };
      return api.request({ method: 'POST', url: '/v1/functions', key: tenant.key, headers, payload });
    };
    expect((await ask(JSON.stringify({ name: 'x'.repeat(1_000_000) }))).json().code).toBe('payload_too_large');
    expect((await ask(Readable.from(['{"name":"', 'x'.repeat(1_000_000), '"}']))).json().code).toBe(
      'payload_too_large',
    );
  });

  test('the request id of the caller is taken if it is harmless', async () => {
    const ask = (id: string) => api.request({ method: 'GET', url: '/healthz', headers: { 'x-request-id': id } });
    expect((await ask('trace-1')).headers['x-request-id']).toBe('trace-1');
    expect((await ask('a b')).headers['x-request-id']).toMatch(/^req_/);
    expect((await ask('x'.repeat(65))).headers['x-request-id']).toMatch(/^req_/);
  });

  test('every answer carries the security headers and none says what serves it', async () => {
    for (const url of ['/healthz', '/v1/nothing', '/v1/functions', '/docs']) {
      const { headers } = await api.request({ method: 'GET', url });
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
      expect(headers).not.toHaveProperty('server');
      expect(headers).not.toHaveProperty('x-powered-by');
    }
  });
});
