import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import type { DecodedModule } from './decoded-module.js';

const numberTypes: Readonly<Record<number, string>> = { 127: 'i32', 126: 'i64', 125: 'f32', 124: 'f64' };

/** Abstract heap types by their code; the feature that each belongs to. */
const heapTypes: Readonly<Record<number, readonly [name: string, feature: string]>> = {
  116: ['noexn', 'exceptions'],
  115: ['nofunc', 'gc'],
  114: ['noextern', 'gc'],
  113: ['none', 'gc'],
  112: ['func', 'reference-types'],
  111: ['extern', 'reference-types'],
  110: ['any', 'gc'],
  109: ['eq', 'gc'],
  108: ['i31', 'gc'],
  107: ['struct', 'gc'],
  106: ['array', 'gc'],
  105: ['exn', 'exceptions'],
};

const refusedTypes: Readonly<Record<number, string>> = {
  104: 'stack switching',
  117: 'stack switching',
  101: 'threads (shared types)',
  103: 'string references',
  102: 'string references',
  98: 'custom descriptors (exact types)',
};

export function refuse(proposal: string, offset: number): WasmError {
  return new WasmError('feature_refused', `The module uses ${proposal}, which is not accepted.`, {
    offset,
    found: proposal,
    allowed: 'WebAssembly 3.0 without threads, relaxed SIMD and unfinished proposals',
  });
}

/** Reads a heap type and gives its text. Type indices are checked by the caller through `typeBound`. */
export function readHeapType(reader: ByteReader, module: DecodedModule, typeBound: number): string {
  const offset = reader.pos;
  const code = reader.s33();
  if (code >= 0) {
    if (code >= typeBound) throw outOfRange('type', code, typeBound, offset);
    module.features.add('function-references');
    return String(code);
  }
  const byte = code & 0x7f;
  const known = code >= -64 ? heapTypes[byte] : undefined;
  if (known === undefined) throw unknownType(byte, offset);
  note(module, known, offset);
  return known[0];
}

/** Reads a value type and gives its text, such as `i32` or `(ref null 4)`. */
export function readValueType(reader: ByteReader, module: DecodedModule, typeBound: number): string {
  const offset = reader.pos;
  const byte = reader.u8();
  const number = numberTypes[byte];
  if (number !== undefined) return number;
  if (byte === 0x7b) {
    module.features.add('simd');
    return 'v128';
  }
  if (byte === 0x63) return `(ref null ${readHeapType(reader, module, typeBound)})`;
  if (byte === 0x64) return `(ref ${readHeapType(reader, module, typeBound)})`;
  const heap = heapTypes[byte];
  if (heap === undefined) throw unknownType(byte, offset);
  note(module, heap, offset);
  return `${heap[0]}ref`;
}

function note(module: DecodedModule, [name, feature]: readonly [name: string, feature: string], offset: number): void {
  module.features.add(feature);
  if (name === 'exn' || name === 'noexn') module.exnrefOffset ??= offset;
}

export function outOfRange(what: string, index: number, count: number, offset: number): WasmError {
  return new WasmError('index_out_of_range', `There is no ${what} with this index.`, {
    offset,
    found: `${what} ${index}`,
    allowed: count === 0 ? `no ${what} at all` : `0 to ${count - 1}`,
  });
}

function unknownType(byte: number, offset: number): WasmError {
  const refused = refusedTypes[byte];
  if (refused !== undefined) return refuse(refused, offset);
  return new WasmError('malformed', 'This byte is not a type.', { offset, found: `0x${byte.toString(16)}` });
}
