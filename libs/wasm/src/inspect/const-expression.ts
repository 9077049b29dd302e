import { ByteReader } from '../binary/byte-reader.js';
import { immediate } from '../binary/immediates.js';
import { immediateOf } from '../binary/opcodes.js';
import { WasmError } from '../binary/wasm-error.js';
import { ConstantObjects } from './constant-objects.js';
import type { DecodedModule } from './decoded-module.js';
import { readOperator } from './operator-reader.js';
import { outOfRange, readHeapType } from './value-types.js';

/** Operators in one constant expression: enough for the largest `array.new_fixed` that V8 takes. */
const operatorsMax = 100_000;

/**
 * Reads an initialiser. Which operators are constant is left to the engine; indices are checked here, since the
 * rewritten module has more globals and types than the original. `onGlobal` hears where a global's index is written.
 */
export function readConstExpression(
  reader: ByteReader,
  module: DecodedModule,
  onGlobal?: (index: number, start: number, end: number) => void,
): void {
  const objects = new ConstantObjects(module);
  for (let count = 0; count < operatorsMax; count++) {
    const offset = reader.pos;
    const slot = readOperator(reader);
    if (slot === 0x0b) return;
    const start = reader.pos;
    readConstImmediate(reader, module, (immediateOf[slot] as number) - 1, offset, onGlobal);
    // Whoever listens for globals reads for the second time: everything is counted already.
    if (onGlobal === undefined) objects.note(slot, new ByteReader(reader.bytes, start, reader.pos), offset);
  }
  throw new WasmError('malformed', 'A constant expression is too long.', { offset: reader.pos });
}

function readConstImmediate(
  reader: ByteReader,
  module: DecodedModule,
  kind: number,
  offset: number,
  onGlobal: ((index: number, start: number, end: number) => void) | undefined,
): void {
  if (kind === immediate.none) return;
  if (kind === immediate.const32) {
    reader.skipLeb(5);
    return;
  }
  if (kind === immediate.const64) {
    reader.skipLeb(10);
    return;
  }
  if (kind === immediate.bytes4) {
    reader.skip(4);
    return;
  }
  if (kind === immediate.bytes8) {
    reader.skip(8);
    return;
  }
  if (kind === immediate.bytes16) {
    reader.skip(16);
    return;
  }
  if (kind === immediate.heapType) {
    readHeapType(reader, module, module.types.length);
    return;
  }
  if (kind === immediate.global) {
    const start = reader.pos;
    const index = reader.u32();
    if (index >= module.globalCount) throw outOfRange('global', index, module.globalCount, start);
    onGlobal?.(index, start, reader.pos);
    return;
  }
  if (kind === immediate.refFunc) {
    const index = reader.u32();
    if (index >= module.functionTypes.length) throw outOfRange('function', index, module.functionTypes.length, offset);
    module.escaping.add(index);
    return;
  }
  if (kind === immediate.type || kind === immediate.arrayFixed) {
    const index = reader.u32();
    if (index >= module.types.length) throw outOfRange('type', index, module.types.length, offset);
    if (kind === immediate.arrayFixed) reader.u32();
    return;
  }
  throw new WasmError('malformed', 'This operator is not allowed in a constant expression.', { offset });
}
