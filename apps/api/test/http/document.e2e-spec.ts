import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { clientProgram } from '../support/client-program.js';
import { type DocumentedOperation, type OpenApiDocument, operationsOf, unboundedIn } from '../support/document.js';
import { startTestApi, type TestApi } from '../support/test-api.js';

let api: TestApi;
let document: OpenApiDocument;
let operations: readonly DocumentedOperation[];

beforeAll(async () => {
  api = await startTestApi();
  document = (await api.request({ method: 'GET', url: '/openapi.json' })).json();
  operations = operationsOf(document);
});
afterAll(() => api.close());

test('the document is valid by the schema of OpenAPI 3.1', async () => {
  const result = await new Validator().validate({ ...structuredClone(document) });
  expect(result).toMatchObject({ valid: true });
});

describe('every body', () => {
  test('shows an example that fits its schema', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema(document, 'openapi');
    const faults: unknown[] = [];
    for (const { operation, bodies } of operations) {
      for (const { where, pointer, media } of bodies.filter(
        ({ type }) => type.endsWith('json') && type !== 'application/problem+json',
      )) {
        const examples = media.examples ? Object.values(media.examples).map(({ value }) => value) : [media.example];
        for (const example of examples) {
          const fits = ajv.validate({ $ref: `openapi#${pointer}/schema` }, example);
          if (!fits) faults.push([operation.operationId, where, example, ajv.errorsText()]);
        }
      }
    }
    expect(faults).toEqual([]);
  });

  test('that a caller sends is bounded in every text, list and number', () => {
    const faults = operations.flatMap(({ operation, bodies }) =>
      bodies
        .filter(({ where }) => where === 'request')
        .flatMap(({ media }) =>
          unboundedIn(document, media.schema).map((place) => `${operation.operationId} ${place}`),
        ),
    );
    expect(faults).toEqual([]);
  });
});

test('every parameter that counts is bounded', () => {
  const faults = operations.flatMap(({ operation, parameters }) =>
    parameters
      // What a reader has seen already is compared and never refused; Node bounds every header.
      .filter(({ name }) => name !== 'If-None-Match' && name !== 'Last-Event-ID')
      .flatMap(({ name, schema }) =>
        unboundedIn(document, schema).map((place) => `${operation.operationId} ${name}${place}`),
      ),
  );
  expect(faults).toEqual([]);
});

test('every answer says its request id, and what may be tried again says when', () => {
  for (const { operation } of operations) {
    for (const [status, { headers = {}, content = {} }] of Object.entries(operation.responses)) {
      expect([operation.operationId, status, Object.keys(headers)]).toEqual([
        operation.operationId,
        status,
        expect.arrayContaining(['X-Request-Id']),
      ]);
      if (status === '429' || (status === '503' && 'application/problem+json' in content)) {
        expect(Object.keys(headers)).toContain('Retry-After');
      }
    }
  }
});

test('every change with a caller takes an idempotency key, and every read gives its entity tag', () => {
  for (const { method, operation, parameters } of operations) {
    if (operation.security === undefined) continue;
    const names = parameters.map(({ name }) => name);
    if (method !== 'get')
      expect([operation.operationId, names]).toEqual([
        operation.operationId,
        expect.arrayContaining(['Idempotency-Key']),
      ]);
    else if ('application/json' in (operation.responses['200']?.content ?? {})) {
      expect(Object.keys(operation.responses)).toContain('304');
      expect(Object.keys(operation.responses['200']?.headers ?? {})).toContain('ETag');
    }
  }
});

test.each([
  ['with the defaults of its generator', {}],
  ['that knows what a request may leave out', { defaultNonNullable: false }],
])('a generated client %s compiles, and takes the examples of every operation', async (_name, options) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-client-'));
  try {
    await writeFile(path.join(folder, 'api.ts'), astToString(await openapiTS(JSON.stringify(document), options)));
    await writeFile(path.join(folder, 'client.ts'), clientProgram(operations));
    const program = ts.createProgram([path.join(folder, 'client.ts')], {
      strict: true,
      skipLibCheck: true,
      lib: ['lib.es2022.d.ts'],
      noEmit: true,
      exactOptionalPropertyTypes: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
    });
    const diagnostics = ts.getPreEmitDiagnostics(program);
    expect(diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
