import { types } from 'node:util';

/** V8's native stack ran out before the logical one; its error can come from the realm of a component's glue too. */
export function isNativeOverflow(error: unknown): boolean {
  return (
    types.isNativeError(error) && error.name === 'RangeError' && error.message === 'Maximum call stack size exceeded'
  );
}
