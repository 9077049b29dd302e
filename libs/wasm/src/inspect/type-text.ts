import { ByteReader } from '../binary/byte-reader.js';
import type { DecodedModule, DecodedType, Span } from './decoded-module.js';
import { readValueType } from './value-types.js';

/** Types written out per function: enough to recognise it, whatever its arity. */
const typesShownMax = 32;

/** A function type as text, such as `(i32, i64) -> (f64)`. */
export function functionTypeText(module: DecodedModule, type: DecodedType): string {
  return `(${list(module, type.params, type.paramCount)}) -> (${list(module, type.results, type.resultCount)})`;
}

function list(module: DecodedModule, span: Span, count: number): string {
  const reader = new ByteReader(module.bytes, span.start, span.end);
  const texts: string[] = [];
  for (let at = 0; at < Math.min(count, typesShownMax); at++) {
    texts.push(readValueType(reader, module, module.types.length));
  }
  if (count > typesShownMax) texts.push(`${count - typesShownMax} more`);
  return texts.join(', ');
}
