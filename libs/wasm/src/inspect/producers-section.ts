import { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import type { DecodedModule } from './decoded-module.js';

/** One tool that took part in making the module, as the `producers` section of the tool conventions lists it. */
export interface Producer {
  /** `language`, `processed-by` or `sdk`. */
  readonly field: string;
  readonly name: string;
  readonly version: string;
}

/** More than any toolchain writes; the rest of a longer section is ignored. */
const producersMax = 100;

/** Reads the producers section. It is advice: what cannot be read is left out. */
export function readProducers(module: DecodedModule): readonly Producer[] {
  const producers: Producer[] = [];
  for (const section of module.sections) {
    if (section.name !== 'producers') continue;
    try {
      readFields(new ByteReader(module.bytes, section.start, section.end), module, producers);
    } catch (error) {
      if (!(error instanceof WasmError)) throw error;
    }
  }
  return producers;
}

function readFields(reader: ByteReader, module: DecodedModule, producers: Producer[]): void {
  const bytesMax = module.limits.nameBytesMax;
  const fields = reader.u32();
  for (let field = 0; field < fields; field++) {
    const fieldName = reader.name(bytesMax);
    const values = reader.u32();
    for (let value = 0; value < values; value++) {
      if (producers.length >= producersMax) return;
      producers.push({ field: fieldName, name: reader.name(bytesMax), version: reader.name(bytesMax) });
    }
  }
}
