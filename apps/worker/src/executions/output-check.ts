import type { ExecutionResult } from '@tenon/contracts';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
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
  private readonly validators = new BoundedCache<string, ValidateFunction>(validatorsMax, validatorTtlMs);

  /** The result as it is, or as `invalid_output` with the places where the output breaks the schema. */
  apply(result: ExecutionResult, contract: OutputContract): ExecutionResult {
    if (result.outcome !== 'succeeded' || result.output === undefined) return result;
    const validate = this.validatorFor(contract);
    if (validate(JSON.parse(result.output))) return result;
    const { output: _refused, ...rest } = result;
    return { ...rest, outcome: 'invalid_output', message: `The output breaks the schema: ${violations(validate)}.` };
  }

  private validatorFor(contract: OutputContract): ValidateFunction {
    const key = `${contract.name}@${contract.version}`;
    const known = this.validators.get(key);
    if (known !== undefined) return known;
    // A fresh instance each time: Ajv keeps every schema that it has ever compiled.
    const ajv = new Ajv2020({ strict: false, allErrors: false, logger: false });
    ajvFormats.default(ajv);
    const validate = ajv.compile(contract.outputSchema);
    this.validators.set(key, validate);
    return validate;
  }
}

function violations(validate: ValidateFunction): string {
  const errors = validate.errors ?? [];
  const shown = errors.slice(0, violationsShownMax).map((error) => `${error.instancePath || '/'} ${error.message}`);
  return shown.join('; ') || 'no reason given';
}
