/** `(module (func (export "t") unreachable))`, written out since it never changes. */
const trapModule = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x74, 0x00, 0x00, 0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b],
);

let trap: (() => unknown) | undefined;

/**
 * Ends the guest that called the host function in which this is called. A guest's `catch_all` catches any JavaScript
 * error that a host function throws, so an error cannot end a guest; a trap inside the engine can.
 *
 * @throws WebAssembly.RuntimeError, always; the host tells it apart by what it noted before calling.
 */
export function trapUncatchable(): never {
  if (trap === undefined) {
    const exported = new WebAssembly.Instance(new WebAssembly.Module(trapModule)).exports.t;
    if (typeof exported === 'function') trap = exported as () => unknown;
  }
  trap?.();
  throw new WebAssembly.RuntimeError('the trap function returned');
}
