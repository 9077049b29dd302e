import { inspect } from 'node:util';

const mask = '[secret]';

/** Holds what must not be printed: whoever logs a configuration by mistake writes a mask. */
export class Secret<Value> {
  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  /** The only way to the value, so that every use can be searched for. */
  reveal(): Value {
    return this.#value;
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [inspect.custom](): string {
    return mask;
  }
}
