import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { problemSchema } from '@tenon/contracts';
import { addExamples } from './document-examples.js';
import { polishOperation, polishTable } from './document-polish.js';
import type { Convert, Operation, Schema, Schemas } from './document-types.js';
import { notesOf, operationIdOf, type RequestContent } from './operation-notes.js';
import { addProblems, codesOf } from './problem-answers.js';
import { createSchemaConverter } from './schema-converter.js';
import type { SchemaTable } from './schema-example.js';
import { addSharedHeaders, addSharedParameters } from './shared-answers.js';
import { sharedHeaders, sharedParameters } from './shared-components.js';

/** What the document says that no controller knows. */
export interface AboutApi {
  readonly version: string;
  /** Where clients reach the api; without it the document's own address counts. */
  readonly publicUrl?: string | undefined;
}

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

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
  const operations = Object.values(document.paths).flatMap((path) =>
    methods.flatMap((method) => (path[method] === undefined ? [] : [{ method, operation: path[method] }])),
  );
  for (const { method, operation } of operations) complete(method, operation, convert);
  polishTable(schemas);
  for (const { operation } of operations) {
    polishOperation(operation);
    addExamples(operation, schemas as SchemaTable);
  }
  // The types of @nestjs/swagger are those of OpenAPI 3.0, which knows fewer keywords.
  const shared: object = { parameters: sharedParameters, headers: sharedHeaders };
  const components = { ...document.components, schemas, ...shared };
  return { ...document, components };
}

function headOf({ version, publicUrl }: AboutApi) {
  const head = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Tenon')
    .setDescription("Run your tenants' WebAssembly functions against your business events.")
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'tnk_… or tno_…',
        description: 'A tenant key (tnk_…) or operator key (tno_…).',
      },
      'key',
    )
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
    .build();
  return publicUrl === undefined ? head : { ...head, servers: [{ url: publicUrl }] };
}

function complete(method: string, operation: Operation, convert: Convert): void {
  const notes = notesOf(operation.operationId ?? '');
  const { content } = notes;
  if (content !== undefined) operation.requestBody = { required: true, content: mediaTypes(content, convert) };
  addSharedParameters(method, operation, notes);
  addProblems(operation, codesOf(method, operation, notes.problems));
  addSharedHeaders(method, operation);
}

function mediaTypes(content: RequestContent, convert: Convert) {
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [
      type,
      { schema: schema === 'bytes' ? { type: 'string', format: 'binary' } : convert(schema, 'input') },
    ]),
  );
}

/** zod refers to `$defs`, the document to its components. */
function asReferences(schema: unknown): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('#/$defs/', '#/components/schemas/'));
}
