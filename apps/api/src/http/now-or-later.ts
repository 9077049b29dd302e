import { asError } from './as-error.js';

/**
 * Goes on with what is known at once, and with what is promised later. Most of what a request waits for is known, and a
 * promise for each step of it is a part of what a request costs.
 */
export function whenKnown<In, Out>(
  value: In | Promise<In>,
  next: (value: In) => Out | Promise<Out>,
): Out | Promise<Out> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Does the work of a hook that calls back, and calls back once: at once where there is nothing to wait for. */
export function callBack(work: () => void | Promise<void>, done: (error?: Error) => void): void {
  let pending: void | Promise<void>;
  try {
    pending = work();
  } catch (error) {
    done(asError(error));
    return;
  }
  if (pending instanceof Promise)
    pending.then(
      () => done(),
      (error: unknown) => done(asError(error)),
    );
  else done();
}
