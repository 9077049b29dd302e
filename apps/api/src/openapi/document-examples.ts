import { isResponse, type Operation } from './document-types.js';
import { exampleFor, type SchemaNode, type SchemaTable } from './schema-example.js';

/** Shows an example with every JSON body of `operation` that has none. */
export function addExamples(operation: Operation, table: SchemaTable): void {
  const { requestBody } = operation;
  if (requestBody !== undefined && 'content' in requestBody) exemplify(requestBody.content, table);
  for (const response of Object.values(operation.responses)) {
    if (isResponse(response) && response.content !== undefined) exemplify(response.content, table);
  }
}

type Content = Record<string, { schema?: unknown; example?: unknown; examples?: unknown }>;

function exemplify(content: Content, table: SchemaTable): void {
  for (const [type, media] of Object.entries(content)) {
    if (!type.endsWith('json') || media.example !== undefined || media.examples !== undefined) continue;
    media.example = exampleFor((media.schema ?? {}) as SchemaNode, table);
  }
}
