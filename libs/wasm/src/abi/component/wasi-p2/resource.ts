import { types } from 'node:util';
import { EngineFault } from '../../engine-fault.js';
import { isNativeOverflow } from '../../host/native-overflow.js';
import { GuestFault } from '../guest-fault.js';
import type { WasiP2Host } from './wasi-p2-host.js';

/** What a guest holds a handle to. */
export class Resource {
  readonly #host: WasiP2Host;

  constructor(host: WasiP2Host) {
    this.#host = host;
  }

  /**
   * jco's glue makes an empty object of the class for a handle that is not in the guest's table.
   *
   * @throws GuestFault for such an object.
   */
  protected get host(): WasiP2Host {
    if (!(#host in this)) throw new GuestFault('it used a handle that it does not hold');
    return this.#host;
  }
}

const mistakes = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);

/** Lets a mistake in a host function of ours show as one; the glue would hand it to the guest or blame it on the guest. */
export function honest(call: (...values: never[]) => unknown): (...values: unknown[]) => unknown {
  return function (this: unknown, ...values: unknown[]): unknown {
    try {
      return Reflect.apply(call, this, values);
    } catch (error) {
      const isMistake = types.isNativeError(error) && mistakes.has(error.name) && !isNativeOverflow(error);
      throw isMistake ? new EngineFault('a WASI function failed', { cause: error }) : error;
    }
  };
}

/** The same for all methods of a class. */
export function makeHonest(resource: { readonly prototype: object }): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(resource.prototype))) {
    if (name === 'constructor' || typeof value !== 'function') continue;
    Object.defineProperty(resource.prototype, name, { value: honest(value as () => unknown) });
  }
}
