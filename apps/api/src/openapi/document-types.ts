import type { OpenAPIObject } from '@nestjs/swagger';

export type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
export type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
export type Schema = Schemas[string];
/** Converts a zod schema, and notes the components that it needs. */
export type Convert = (schema: unknown, direction: 'input' | 'output') => Schema;
export type OperationResponse = Exclude<Operation['responses'][string], undefined | { $ref: string }>;

/** The parts of an operation that are not references. */
export function isResponse(response: Operation['responses'][string]): response is OperationResponse {
  return response !== undefined && !('$ref' in response);
}
