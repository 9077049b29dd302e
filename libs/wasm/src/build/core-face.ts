import type { CoreExtern, CoreFace } from '../abi/abi.js';
import type { DecodedModule, DecodedType } from '../inspect/decoded-module.js';

/** The value types that ABIs use, by their byte in the binary format. */
const typeCodes: Readonly<Record<number, string>> = { 127: 'i', 126: 'I', 125: 'f', 124: 'F', 123: 'v' };

/** One letter per plain type. A reference takes one byte or more; whichever it is, no ABI has it, so `r` will do. */
function codesOf(bytes: Uint8Array, start: number, end: number): string {
  let codes = '';
  for (let at = start; at < end; at += 1) codes += typeCodes[bytes[at] ?? 0] ?? 'r';
  return codes;
}

function signatureOf(module: DecodedModule, type: DecodedType | undefined): string | undefined {
  if (type === undefined) return undefined;
  const { params, results } = type;
  return `${codesOf(module.bytes, params.start, params.end)}:${codesOf(module.bytes, results.start, results.end)}`;
}

function functionSignature(module: DecodedModule, index: number): string | undefined {
  return signatureOf(module, module.types[module.functionTypes[index] ?? -1]);
}

/** The imports and exports of a module as an ABI looks at them. */
export function coreFace(module: DecodedModule): CoreFace {
  let functionIndex = 0;
  const imports = module.imports.map((entry) => {
    const { module: from, name, kind } = entry;
    if (kind !== 'function') return { module: from, name, kind };
    const signature = functionSignature(module, functionIndex);
    functionIndex += 1;
    return { module: from, name, kind, signature };
  });
  const exports = module.exports.map(({ name, kind, index }): CoreExtern => {
    if (kind === 'function') return { name, kind, signature: functionSignature(module, index) };
    if (kind === 'memory') return { name, kind, memory64: module.memories[index]?.is64 };
    return { name, kind };
  });
  return { imports, exports };
}
