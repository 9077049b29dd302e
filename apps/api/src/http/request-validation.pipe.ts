import { type ArgumentMetadata, Injectable, StandardSchemaValidationPipe } from '@nestjs/common';
import { type FieldError, ProblemError } from '@tenon/contracts';
import type { z } from 'zod';

type Issues = Parameters<StandardSchemaValidationPipe['exceptionFactory']>[0];

/** More errors than this help nobody. */
const errorsMax = 50;

class IssuesError extends Error {
  constructor(readonly issues: Issues) {
    super('the schema refused the value');
  }
}

/**
 * Checks every argument that has a schema. Refusals point into the request, read as one document with the members
 * `body`, `query`, `path` and `header`: `/body/eventTypes/0`, `/query/limit`.
 */
@Injectable()
export class RequestValidationPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: (issues) => new IssuesError(issues) });
  }

  /** Nothing to strip: bodies with `__proto__` are refused where they are parsed, and nothing here merges objects. */
  protected override stripProtoKeys(): void {}

  override transform<Value>(value: Value, metadata: ArgumentMetadata): Promise<Value> {
    // What is not checked has nothing to wait for, and most arguments are not.
    return metadata.schema === undefined ? Promise.resolve(value) : this.#checked(value, metadata);
  }

  async #checked<Value>(value: Value, metadata: ArgumentMetadata): Promise<Value> {
    // Where every member may be left out, so may the body.
    const bodyIsMissing = metadata.type === 'body' && value === undefined;
    try {
      return (await super.transform<unknown>(bodyIsMissing ? {} : value, metadata)) as Value;
    } catch (error) {
      if (!(error instanceof IssuesError)) throw error;
      const issues = bodyIsMissing ? [{ message: 'expected a body' }] : error.issues;
      throw invalidRequest(issues, (path) => [...baseOf(metadata), ...path]);
    }
  }
}

/** Where in the request a part of the checked value stood, as the parts of a pointer. */
export type Place = (path: readonly string[]) => readonly string[];

/**
 * What `schema` makes of `value`, for handlers that take the whole request.
 *
 * @throws ProblemError `invalid_request`, with pointers to where it stood
 */
export function checkedBy<Value>(schema: z.ZodType<Value>, value: unknown, place: Place): Value {
  const result = schema.safeParse(value);
  if (!result.success) throw invalidRequest(result.error.issues, place);
  return result.data;
}

/** The problem for what a schema found, with pointers to where it stood. */
export function invalidRequest(issues: Issues, place: Place): ProblemError {
  const errors: FieldError[] = issues.slice(0, errorsMax).map((issue) => ({
    pointer: pointerOf(place((issue.path ?? []).map(keyOf))),
    message: messageOf(issue),
  }));
  return new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', errors);
}

/** What may be any value has no type that a message could name. */
function messageOf(issue: Issues[number]): string {
  return 'expected' in issue && issue.expected === 'nonoptional' ? 'expected a value' : issue.message;
}

/** An RFC 6901 pointer. */
export function pointerOf(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function keyOf(part: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof part === 'object' ? part.key : part);
}

function baseOf(metadata: ArgumentMetadata): string[] {
  const where = metadata.type === 'param' ? 'path' : metadata.type;
  return metadata.data === undefined ? [where] : [where, metadata.data];
}
