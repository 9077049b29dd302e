import { type FieldError, type JsonObject, jsonSchemaBytesMax, ProblemError } from '@tenon/contracts';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** A compiled JSON Schema. */
export interface DataSchema {
  /** What is wrong with `data`, with pointers below `base`; empty where it fits. */
  check(data: unknown, base: string): readonly FieldError[];
}

/** Enough to see what is wrong; not a way to make an answer of megabytes. */
const errorsMax = 10;

/**
 * Compiles a schema of draft 2020-12. Each gets a compiler of its own: a shared one would keep every schema it ever saw
 * and let two of them clash over one `$id`.
 *
 * @throws ProblemError `invalid_schema`, with the reason, where it is too large, not strict or not a schema.
 */
export function compileDataSchema(schema: JsonObject, pointer: string): DataSchema {
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > jsonSchemaBytesMax) {
    throw refusal(pointer, `the schema has ${bytes} bytes; at most ${jsonSchemaBytesMax} are allowed`);
  }
  // Such a schema compiles to a function that answers with a promise, and a promise is always true.
  if ('$async' in schema) throw refusal(pointer, '"$async" is not allowed');
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: false, validateFormats: true });
  addFormats.default(ajv);
  try {
    const validate = ajv.compile(schema);
    return {
      check: (data, base) => (validate(data) ? [] : toFieldErrors(validate.errors ?? [], base)),
    };
  } catch (error) {
    throw refusal(pointer, error instanceof Error ? error.message : 'it cannot be compiled');
  }
}

function refusal(pointer: string, message: string): ProblemError {
  return new ProblemError('invalid_schema', 'The JSON Schema (draft 2020-12, strict) was refused; see errors.', [
    { pointer, message },
  ]);
}

function toFieldErrors(errors: readonly ErrorObject[], base: string): FieldError[] {
  return errors.slice(0, errorsMax).map((error) => ({
    pointer: base + error.instancePath,
    message: error.message ?? 'does not fit the schema',
  }));
}
