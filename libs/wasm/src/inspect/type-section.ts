import type { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import { type DecodedModule, type DecodedType, typeKind } from './decoded-module.js';
import { checkLimit } from './module-limits.js';
import { outOfRange, readValueType, refuse } from './value-types.js';

/** Fields of a struct; V8 allows 2,000. */
const structFieldsMax = 10_000;

/** Reads the type section: recursion groups, subtypes, and function, struct and array types. */
export function readTypeSection(reader: ByteReader, module: DecodedModule): void {
  const groups = reader.u32();
  checkLimit(module.limits, 'typesMax', groups, reader.pos);
  for (let group = 0; group < groups; group++) {
    const isGroup = reader.pos < reader.end && reader.bytes[reader.pos] === 0x4e;
    let size = 1;
    if (isGroup) {
      reader.u8();
      module.features.add('gc');
      size = reader.u32();
    }
    checkLimit(module.limits, 'typesMax', module.types.length + size, reader.pos);
    const bound = module.types.length + size;
    for (let member = 0; member < size; member++) {
      const alone = !isGroup && reader.bytes[reader.pos] === 0x60;
      const type = readSubtype(reader, module, bound);
      module.types.push(alone ? { ...type, plain: true } : type);
    }
  }
}

function readSubtype(reader: ByteReader, module: DecodedModule, bound: number): DecodedType {
  let form = reader.u8();
  if (form === 0x50 || form === 0x4f) {
    module.features.add('gc');
    const supertypes = reader.u32();
    if (supertypes > 1) throw new WasmError('malformed', 'A type has more than one supertype.', { offset: reader.pos });
    for (let at = 0; at < supertypes; at++) {
      const index = reader.u32();
      if (index >= bound) throw outOfRange('type', index, bound, reader.pos);
    }
    form = reader.u8();
  }
  if (form === 0x60) return readFunctionType(reader, module, bound);
  if (form === 0x5f) return readStructType(reader, module, bound);
  if (form === 0x5e) return readArrayType(reader, module, bound);
  if (form === 0x5d) throw refuse('stack switching', reader.pos - 1);
  if (form === 0x65) throw refuse('threads (shared types)', reader.pos - 1);
  if (form === 0x4c || form === 0x4d) throw refuse('custom descriptors', reader.pos - 1);
  throw new WasmError('malformed', 'This byte does not start a type.', {
    offset: reader.pos - 1,
    found: `0x${form.toString(16)}`,
  });
}

function readFunctionType(reader: ByteReader, module: DecodedModule, bound: number): DecodedType {
  const paramCount = reader.u32();
  checkLimit(module.limits, 'functionParamsMax', paramCount, reader.pos);
  const paramStart = reader.pos;
  const paramVectors = readTypes(reader, module, bound, paramCount);
  const paramEnd = reader.pos;
  const resultCount = reader.u32();
  checkLimit(module.limits, 'functionResultsMax', resultCount, reader.pos);
  if (resultCount > 1) module.features.add('multi-value');
  const resultStart = reader.pos;
  const resultVectors = readTypes(reader, module, bound, resultCount);
  return {
    kind: typeKind.func,
    paramCount,
    resultCount,
    params: { start: paramStart, end: paramEnd },
    results: { start: resultStart, end: reader.pos },
    elementShift: 0,
    paramBytes: 8 * (paramCount + paramVectors),
    hasVector: paramVectors + resultVectors > 0,
    plain: false,
  };
}

/** Reads `count` value types. @returns how many of them are vectors. */
function readTypes(reader: ByteReader, module: DecodedModule, bound: number, count: number): number {
  let vectors = 0;
  for (let at = 0; at < count; at++) if (readValueType(reader, module, bound) === 'v128') vectors++;
  return vectors;
}

function readStructType(reader: ByteReader, module: DecodedModule, bound: number): DecodedType {
  const count = reader.u32();
  if (count > structFieldsMax) {
    throw new WasmError('malformed', 'A struct has too many fields.', { offset: reader.pos, found: String(count) });
  }
  const start = reader.pos;
  let bytes = 0;
  for (let field = 0; field < count; field++) bytes += 2 ** readField(reader, module, bound);
  return aggregate(typeKind.struct, count, { start, end: reader.pos }, 0, bytes);
}

function readArrayType(reader: ByteReader, module: DecodedModule, bound: number): DecodedType {
  const start = reader.pos;
  const shift = readField(reader, module, bound);
  return aggregate(typeKind.array, 1, { start, end: reader.pos }, shift, 0);
}

function aggregate(
  kind: number,
  count: number,
  params: DecodedType['params'],
  elementShift: number,
  paramBytes: number,
): DecodedType {
  const results = { start: params.end, end: params.end };
  return {
    kind,
    paramCount: count,
    resultCount: 0,
    params,
    results,
    elementShift,
    paramBytes,
    hasVector: false,
    plain: false,
  };
}

const shifts: Readonly<Record<string, number>> = { i32: 2, f32: 2, i64: 3, f64: 3, v128: 4 };

/** Reads a field type. @returns log2 of its bytes; references are taken as 8 bytes. */
function readField(reader: ByteReader, module: DecodedModule, bound: number): number {
  module.features.add('gc');
  const byte = reader.pos < reader.end ? reader.bytes[reader.pos] : undefined;
  let shift = 3;
  if (byte === 0x78 || byte === 0x77) {
    reader.u8();
    shift = byte === 0x78 ? 0 : 1;
  } else {
    shift = shifts[readValueType(reader, module, bound)] ?? 3;
  }
  const mutability = reader.u8();
  if (mutability > 1) throw new WasmError('malformed', 'Mutability is neither 0 nor 1.', { offset: reader.pos - 1 });
  return shift;
}
