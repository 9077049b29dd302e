import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type ProblemCode, problemSchema, problems } from '@tenon/contracts';
import { describeProblems } from './answers.decorators.js';
import { operationIdOf, requestContentOf } from './request-content.decorator.js';
import { createSchemaConverter } from './schema-converter.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** Codes that a route may answer with because of what it reads, whatever it does. */
const whenItReads: readonly ProblemCode[] = ['invalid_request'];
const whenItHasABody: readonly ProblemCode[] = [
  'invalid_request',
  'invalid_json',
  'payload_too_large',
  'unsupported_media_type',
];
const always: readonly ProblemCode[] = ['internal', 'unavailable'];

/** The OpenAPI 3.1 document of everything that the controllers serve, from the schemas that check the requests. */
export function createDocument(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
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
  const convert = createSchemaConverter();
  const document = SwaggerModule.createDocument(app, config, {
    standardSchemaConverter: convert,
    operationIdFactory: operationIdOf,
  });
  const problem = convert(problemSchema, { schemaType: 'output' });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...problem?.components },
  };
  for (const path of Object.values(document.paths)) {
    for (const method of methods) if (path[method] !== undefined) complete(path[method], convert);
  }
  return document;
}

function complete(operation: Operation, convert: ReturnType<typeof createSchemaConverter>): void {
  const content = requestContentOf(operation.operationId ?? '');
  if (content !== undefined) operation.requestBody = { required: true, content: mediaTypes(content, convert) };
  const hasBody = operation.requestBody !== undefined;
  const hasParameters = (operation.parameters ?? []).length > 0;
  addProblems(operation, [...(hasBody ? whenItHasABody : hasParameters ? whenItReads : []), ...always]);
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (Number(status) < 400 || answer === undefined || '$ref' in answer) continue;
    answer.content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  }
}

function mediaTypes(
  content: NonNullable<ReturnType<typeof requestContentOf>>,
  convert: ReturnType<typeof createSchemaConverter>,
) {
  const bytes = { schema: { type: 'string', format: 'binary' } };
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [
      type,
      schema === 'bytes' ? bytes : { schema: Object(convert(schema, { schemaType: 'input' })?.schema) },
    ]),
  );
}

function addProblems(operation: Operation, codes: readonly ProblemCode[]): void {
  for (const code of codes) {
    const { status } = problems[code];
    const known = operation.responses[status];
    const line = describeProblems([code]);
    if (known === undefined) operation.responses[status] = { description: line };
    else if (!('$ref' in known) && !known.description.includes(`\`${code}\``)) known.description += ` ${line}`;
  }
}
