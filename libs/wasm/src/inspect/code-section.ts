import type { ByteReader } from '../binary/byte-reader.js';
import { featureNames } from '../binary/opcodes.js';
import { WasmError } from '../binary/wasm-error.js';
import { BodyWalker } from './body-walker.js';
import type { DecodedModule } from './decoded-module.js';
import { checkLimit } from './module-limits.js';

/** Bytes that every frame is taken to need beside its slots: return address, frame pointer, instance, spills. */
export const frameFixedBytes = 64;

/** Reads every function body, checks it and notes what the rewriter has to know about it. */
export function readCodeSection(reader: ByteReader, module: DecodedModule): void {
  const count = reader.u32();
  const defined = module.functionTypes.length - module.importedFunctions;
  if (count !== defined) {
    throw new WasmError('malformed', 'The code section does not have one body per function.', {
      offset: reader.pos,
      found: `${count} bodies`,
      allowed: `${defined} bodies`,
    });
  }
  module.bodyStarts = new Uint32Array(count);
  module.bodyEnds = new Uint32Array(count);
  module.bodyFlags = new Uint16Array(count);
  module.bodyLocals = new Uint32Array(count);
  module.frameBytes = new Uint32Array(count);
  module.fixedCosts = new Uint32Array(count);
  module.bodyOperators = new Uint32Array(count);
  module.calls.expect(count);
  const walker = new BodyWalker(module, reader);
  const sectionEnd = reader.end;
  for (let at = 0; at < count; at++) {
    readBody(reader, module, walker, at);
    reader.end = sectionEnd;
  }
  for (let at = 0; at < featureNames.length; at++) {
    if (walker.featuresSeen[at] !== 0) module.features.add(featureNames[at] as string);
  }
}

function readBody(reader: ByteReader, module: DecodedModule, walker: BodyWalker, at: number): void {
  const functionIndex = module.importedFunctions + at;
  try {
    const size = reader.u32();
    checkLimit(module.limits, 'functionBodyBytesMax', size, reader.pos);
    if (size > reader.end - reader.pos) throw reader.truncated();
    module.bodyStarts[at] = reader.pos;
    reader.end = reader.pos + size;
    walker.walk(functionIndex);
    if (reader.pos !== reader.end) {
      throw new WasmError('malformed', 'There are bytes after the end of a function.', { offset: reader.pos });
    }
    module.calls.endBody(at);
    module.bodyEnds[at] = reader.pos;
    module.bodyFlags[at] = walker.flags;
    module.bodyLocals[at] = walker.localCount;
    module.fixedCosts[at] = walker.fixedCost;
    module.bodyOperators[at] = walker.operators;
    module.frameBytes[at] = frameFixedBytes + walker.slotBytes;
  } catch (error) {
    throw error instanceof WasmError ? error.at({ functionIndex }) : error;
  }
}
