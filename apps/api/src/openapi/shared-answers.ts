import { isResponse, type Operation, type OperationResponse } from './document-types.js';
import type { OperationNotes } from './operation-notes.js';
import { hasCaller } from './problem-answers.js';
import { headerReference, parameterReference, type SharedHeader, type SharedParameter } from './shared-components.js';

/** Adds to `operation` the headers that it heeds because of its method. */
export function addSharedParameters(method: string, operation: Operation, notes: OperationNotes): void {
  const names: SharedParameter[] = [];
  if (method !== 'get' && hasCaller(operation)) names.push('Idempotency-Key');
  if (notes.conditional === true) names.push('If-Match', 'If-None-Match-Create');
  if (isTaggedRead(method, operation)) names.push('If-None-Match');
  operation.parameters = [...(operation.parameters ?? []), ...names.map(parameterReference)];
  if (isTaggedRead(method, operation)) {
    operation.responses['304'] = { description: 'It is still what `If-None-Match` names.' };
  }
}

/** Adds to every answer of `operation` the headers that it carries. */
export function addSharedHeaders(method: string, operation: Operation): void {
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!isResponse(response)) continue;
    const names = headersOf(method, Number(status), operation, response);
    response.headers = {
      ...response.headers,
      ...Object.fromEntries(names.map((name) => [name, headerReference(name)])),
    };
  }
}

function headersOf(method: string, status: number, operation: Operation, response: OperationResponse): SharedHeader[] {
  const names: SharedHeader[] = ['X-Request-Id'];
  const isTagged = status === 200 && (method === 'get' || method === 'put') && carriesJson(response);
  if ((isTagged && hasCaller(operation)) || status === 304) names.push('ETag');
  if (status === 401) names.push('WWW-Authenticate');
  if ((status === 429 || status === 503) && carriesProblem(response)) names.push('Retry-After');
  if (hasCaller(operation) && status !== 401) names.push('RateLimit', 'RateLimit-Policy');
  if (hasCaller(operation) && method !== 'get' && status < 500 && status !== 401) names.push('Idempotent-Replayed');
  return names;
}

function isTaggedRead(method: string, operation: Operation): boolean {
  const ok = operation.responses['200'];
  return method === 'get' && hasCaller(operation) && isResponse(ok) && carriesJson(ok);
}

function carriesJson({ content }: OperationResponse): boolean {
  return content !== undefined && 'application/json' in content;
}

function carriesProblem({ content }: OperationResponse): boolean {
  return content !== undefined && 'application/problem+json' in content;
}
