import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type ProblemCode, problemSchema, problems } from '@tenon/contracts';
import { notesOf, operationIdOf, type RequestContent } from './operation-notes.js';
import { createSchemaConverter } from './schema-converter.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type Schema = Schemas[string];
type Convert = (schema: unknown, direction: 'input' | 'output') => Schema;

/** What the document says that no controller knows. */
export interface AboutApi {
  readonly version: string;
  /** Where clients reach the api; without it the document's own address counts. */
  readonly publicUrl?: string | undefined;
}

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** Codes that a route may answer with because of how it is asked, whatever it does. */
const whenItMayHaveABody: readonly ProblemCode[] = [
  'invalid_request',
  'invalid_json',
  'payload_too_large',
  'unsupported_media_type',
];
const always: readonly ProblemCode[] = ['internal', 'unavailable'];

/** The OpenAPI 3.1 document of everything that the controllers serve, from the schemas that check the requests. */
export function createDocument(app: INestApplication, about: AboutApi): OpenAPIObject {
  const standardSchemaConverter = createSchemaConverter();
  const document = SwaggerModule.createDocument(app, headOf(about), {
    standardSchemaConverter,
    operationIdFactory: operationIdOf,
  });
  const schemas: Schemas = { ...document.components?.schemas };
  const convert: Convert = (schema, schemaType) => {
    const converted = standardSchemaConverter(schema, { schemaType });
    Object.assign(schemas, asReferences(converted?.components ?? {}));
    return asReferences(converted?.schema ?? {});
  };
  convert(problemSchema, 'output');
  for (const path of Object.values(document.paths)) {
    for (const method of methods) if (path[method] !== undefined) complete(method, path[method], convert);
  }
  return { ...document, components: { ...document.components, schemas } };
}

function headOf({ version, publicUrl }: AboutApi) {
  const head = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Tenon')
    .setDescription("Run your tenants' WebAssembly functions against your business events.")
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'A tenant key (tnk_…) or operator key (tno_…).' },
      'key',
    )
    .build();
  return publicUrl === undefined ? head : { ...head, servers: [{ url: publicUrl }] };
    .addCookieAuth(
      'tenon_session',
      {
        type: 'apiKey',
        in: 'cookie',
        description:
          'The cookie of `POST /v1/session`; `__Host-tenon_session` over HTTPS. Requests that change something carry the header `X-CSRF-Token`, too.',
      },
      'session',
    )
}

function complete(method: string, operation: Operation, convert: Convert): void {
  const { content, problems: own } = notesOf(operation.operationId ?? '');
  if (content !== undefined) operation.requestBody = { required: true, content: mediaTypes(content, convert) };
  addProblems(operation, new Set([...own, ...codesByForm(method, operation), ...always]));
}

/** A name that doesn't fit the path is not found; a body that nobody asked for is still looked at. */
function codesByForm(method: string, { parameters = [] }: Operation): readonly ProblemCode[] {
  const inPath = parameters.some((parameter) => 'in' in parameter && parameter.in === 'path');
  return [
    ...(parameters.length > 0 ? (['invalid_request'] as const) : []),
    ...(inPath ? (['not_found'] as const) : []),
    ...(method === 'get' ? [] : whenItMayHaveABody),
  ];
}

function mediaTypes(content: RequestContent, convert: Convert) {
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [
      type,
      { schema: schema === 'bytes' ? { type: 'string', format: 'binary' } : convert(schema, 'input') },
    ]),
  );
}

/** One answer per status, naming every code that it may carry; what a route describes by itself stays. */
function addProblems(operation: Operation, codes: ReadonlySet<ProblemCode>): void {
  const lines = new Map<number, string[]>();
  for (const code of codes) {
    const { status, title } = problems[code];
    lines.set(status, [...(lines.get(status) ?? []), `\`${code}\`: ${title}.`]);
  }
  for (const [status, descriptions] of lines) {
    operation.responses[status] ??= {
      description: descriptions.join(' '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
}

/** zod refers to `$defs`, the document to its components. */
function asReferences(schema: unknown): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('#/$defs/', '#/components/schemas/'));
}
