import {
  type FieldError,
  type JsonObject,
  jsonSchemaBytesMax,
  ProblemError,
  settingsSchemaBytesMax,
} from '@tenon/contracts';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { mendArrayKeywords } from './ajv-arrays.js';
import { linearPatterns } from './linear-patterns.js';
import { repeatedWork } from './repeated-work.js';
import { boundFaults, type SchemaBounds } from './schema-bounds.js';

/** A compiled JSON Schema. */
export interface DataSchema {
  /** What is wrong with `data`, with pointers below `base`; empty where it fits. */
  check(data: unknown, base: string): readonly FieldError[];
}

/** For schemas of extension points, which operators write. */
export const pointSchemaBounds: SchemaBounds = {
  bytesMax: jsonSchemaBytesMax,
  depthMax: 40,
  valuesMax: 5_000,
  refsMax: 200,
};

/** For schemas of settings, which tenants write: without references, so that checking takes no more than is written. */
export const settingsSchemaBounds: SchemaBounds = {
  bytesMax: settingsSchemaBytesMax,
  depthMax: 20,
  valuesMax: 2_000,
  refsMax: 0,
};

const probes: readonly unknown[] = [
  null,
  true,
  0,
  0.5,
  '',
  'a',
  [],
  [0],
  [0, '', [], {}],
  {},
  { a: 0 },
  { a: { a: [] } },
];

/** Enough to see what is wrong; not a way to make an answer of megabytes. */
const errorsMax = 10;

/**
 * Compiles a schema of draft 2020-12. Each gets a compiler of its own: a shared one would keep every schema it ever saw.
 *
 * @param pointer where the schema stands in the request
 * @throws ProblemError `invalid_schema`, with the place and the reason, where it is out of bounds, not strict or no
 *   schema.
 */
export function compileDataSchema(
  schema: JsonObject,
  pointer: string,
  bounds: SchemaBounds = pointSchemaBounds,
): DataSchema {
  const faults = boundFaults(schema, bounds, pointer);
  if (faults.length > 0) throw refusal(faults);
  const repeated = repeatedWork(schema, pointer);
  if (repeated.length > 0) throw refusal(repeated);
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    strictTuples: false,
    allErrors: false,
    validateFormats: true,
    logger: false,
    code: { regExp: linearPatterns },
  });
  addFormats.default(ajv);
  mendArrayKeywords(ajv);
  try {
    const validate = ajv.compile(schema);
    // For a few rare schemas Ajv writes code that throws; better now than at an event.
    for (const probe of probes) validate(probe);
    return {
      check: (data, base) => (validate(data) ? [] : toFieldErrors(validate.errors ?? [], base)),
    };
  } catch (error) {
    throw refusal([{ pointer, message: error instanceof Error ? error.message : 'it cannot be compiled' }]);
  }
}

function refusal(errors: readonly FieldError[]): ProblemError {
  const detail = 'The JSON Schema (draft 2020-12, strict) was refused; see errors.';
  return new ProblemError('invalid_schema', detail, errors);
}

function toFieldErrors(errors: readonly ErrorObject[], base: string): FieldError[] {
  return errors.slice(0, errorsMax).map((error) => ({
    pointer: base + error.instancePath,
    message: error.message ?? 'does not fit the schema',
  }));
}
