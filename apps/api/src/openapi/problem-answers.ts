import { type ProblemCode, problems } from '@tenon/contracts';
import { problemOf } from '../http/to-problem.js';
import type { Operation } from './document-types.js';
import type { OperationNotes } from './operation-notes.js';

/** Codes that a route may answer with because of how it is asked, whatever it does. */
const whenItMayHaveABody: readonly ProblemCode[] = [
  'invalid_request',
  'invalid_json',
  'payload_too_large',
  'unsupported_media_type',
];
const always: readonly ProblemCode[] = ['internal', 'unavailable'];
const whenItHasACaller: readonly ProblemCode[] = ['rate_limited'];
const whenItTakesAnIdempotencyKey: readonly ProblemCode[] = [
  'invalid_request',
  'idempotency_in_progress',
  'idempotency_answer_lost',
  'idempotency_key_reused',
];

/** Whether the operation carries a caller, so that it is counted and may be tried again by its key. */
export function hasCaller(operation: Operation): boolean {
  return operation.security !== undefined && operation.security.length > 0;
}

/** Every code that `operation` may answer with. */
export function codesOf(method: string, operation: Operation, own: OperationNotes['problems']): Set<ProblemCode> {
  const { parameters = [] } = operation;
  const inPath = parameters.some((parameter) => 'in' in parameter && parameter.in === 'path');
  return new Set([
    ...own,
    ...(parameters.length > 0 ? (['invalid_request'] as const) : []),
    // A name that doesn't fit the path is not found; a body that nobody asked for is still looked at.
    ...(inPath ? (['not_found'] as const) : []),
    ...(method === 'get' ? [] : whenItMayHaveABody),
    ...(hasCaller(operation) ? whenItHasACaller : []),
    ...(hasCaller(operation) && method !== 'get' ? whenItTakesAnIdempotencyKey : []),
    ...always,
  ]);
}

/** One answer per status, naming every code that it may carry; what a route describes by itself stays. */
export function addProblems(operation: Operation, codes: ReadonlySet<ProblemCode>): void {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = problems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [status, listed] of byStatus) operation.responses[status] ??= problemAnswer(listed);
}

function problemAnswer(codes: readonly ProblemCode[]) {
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Problem' }, { type: 'object', properties: { code: { enum: [...codes] } } }],
  };
  const examples = Object.fromEntries(codes.map((code) => [code, { value: problemOf(code) }]));
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
    content: { 'application/problem+json': { schema, examples } },
  };
}
