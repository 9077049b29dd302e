import { isResponse, type Operation, type Schemas } from './document-types.js';
import { polishSchema } from './polish-schema.js';

/** Polishes every schema of a table, in place: the last step, because @nestjs/swagger writes them in the style of 3.0. */
export function polishTable(schemas: Schemas): void {
  for (const [name, schema] of Object.entries(schemas)) schemas[name] = polishSchema(schema);
}

/** Polishes the schemas that stand in `operation` itself. */
export function polishOperation(operation: Operation): void {
  const { requestBody, parameters = [] } = operation;
  if (requestBody !== undefined && 'content' in requestBody) polishContent(requestBody.content);
  for (const parameter of parameters) polishMember(parameter);
  for (const response of Object.values(operation.responses)) {
    if (isResponse(response) && response.content !== undefined) polishContent(response.content);
  }
}

function polishContent(content: Record<string, object>): void {
  for (const [type, media] of Object.entries(content)) {
    // OpenAPI 3.1 has no words for a stream of events, and tools disagree on what a schema there is about.
    if (type === 'text/event-stream' && 'schema' in media) delete media.schema;
    polishMember(media);
  }
}

function polishMember(holder: object): void {
  if ('schema' in holder && typeof holder.schema === 'object' && holder.schema !== null) {
    holder.schema = polishSchema(holder.schema);
  }
}
