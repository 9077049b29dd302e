/** `(module (func (export "trap") unreachable))` */
const trapModule = new WebAssembly.Module(
  new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1, 3, 0, 0,
    11,
  ]),
);

/**
 * Ends the running guest from inside a host call. A JavaScript exception would be caught by a guest's `catch_all`; a
 * WebAssembly trap is not, wherever on the stack it comes from.
 */
export function trapUncatchable(): never {
  const trap = new WebAssembly.Instance(trapModule).exports.trap;
  if (typeof trap === 'function') trap();
  throw new Error('the trap module did not trap');
}
