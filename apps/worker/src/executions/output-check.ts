import { type ExecutionResult, type FieldError, jsonObjectSchema } from '@tenon/contracts';
import { compileDataSchema, type DataSchema } from '@tenon/schemas';
import { BoundedCache } from '../shared/bounded-cache.js';

/** Extension points are few and change rarely; an hour bounds what a point that is gone keeps in memory. */
const validatorsMax = 500;
const validatorTtlMs = 60 * 60 * 1000;
const violationsShownMax = 3;

/** The part of an extension point that decides whether an output is accepted. */
export interface OutputContract {
  readonly name: string;
  /** Counts up with each change of the point. */
  readonly version: number;
  readonly outputSchema: object;
}

/** Holds outputs to the schema of their extension point. */
export class OutputCheck {
  /** A point stays one and the same object from run to run while nothing changes. */
  private readonly known = new WeakMap<OutputContract, DataSchema>();
  private readonly validators = new BoundedCache<string, DataSchema>(validatorsMax, validatorTtlMs);

  /** The result as it is, or as `invalid_output` with the places where the output breaks the schema. */
  apply(result: ExecutionResult, contract: OutputContract): ExecutionResult {
    if (result.outcome !== 'succeeded' || result.output === undefined) return result;
    const errors = this.checkOf(contract).check(JSON.parse(result.output), '');
    if (errors.length === 0) return result;
    const { output: _refused, ...rest } = result;
    return { ...rest, outcome: 'invalid_output', message: `The output breaks the schema: ${violations(errors)}.` };
  }

  private checkOf(contract: OutputContract): DataSchema {
    const known = this.known.get(contract);
    if (known !== undefined) return known;
    const schema = this.schemaOf(contract);
    this.known.set(contract, schema);
    return schema;
  }

  private schemaOf(contract: OutputContract): DataSchema {
    const key = `${contract.name}@${contract.version}`;
    const known = this.validators.get(key);
    if (known !== undefined) return known;
    // The output is a tenant's: its check has to take time by its length only, whatever patterns the schema has.
    const compiled = compileDataSchema(jsonObjectSchema.parse(contract.outputSchema), '/outputSchema');
    this.validators.set(key, compiled);
    return compiled;
  }
}

function violations(errors: readonly FieldError[]): string {
  const shown = errors.slice(0, violationsShownMax).map(({ pointer, message }) => `${pointer || '/'} ${message}`);
  return shown.join('; ');
}
