import { printable } from '../abi/abi-rejection.js';
import { ByteReader } from '../binary/byte-reader.js';
import { WasmError } from '../binary/wasm-error.js';
import type { DecodedModule } from '../inspect/decoded-module.js';

/** Bounds on a section that anyone may write anything into. */
const fieldsMax = 16;
const valuesMax = 64;
const nameBytesMax = 256;

/** What the "producers" section says, by field: `language`, `processed-by`, `sdk`. */
export interface Producers {
  readonly languages: readonly string[];
  /** Tools with their versions, as in `rustc 1.95.0`. */
  readonly tools: readonly string[];
}

/**
 * Reads a producers section (WebAssembly tool conventions, `ProducersSection.md`). It is a claim of the toolchain's: a
 * damaged one reads as far as it goes.
 *
 * @param reader stands behind the section's name.
 */
export function readProducers(reader: ByteReader): Producers {
  const languages: string[] = [];
  const tools: string[] = [];
  try {
    const fields = Math.min(reader.u32(), fieldsMax);
    for (let field = 0; field < fields; field += 1) {
      const name = reader.name(nameBytesMax);
      const values = Math.min(reader.u32(), valuesMax);
      for (let value = 0; value < values; value += 1) {
        const tool = printable(reader.name(nameBytesMax));
        const version = printable(reader.name(nameBytesMax));
        if (name === 'language') languages.push(tool);
        else tools.push(`${tool} ${version}`.trim());
      }
    }
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
  }
  return { languages, tools };
}

/** A reader behind the name of a custom section, or `undefined` when the module has none of that name. */
export function customSection(module: DecodedModule, name: string): ByteReader | undefined {
  const section = module.sections.find((candidate) => candidate.id === 0 && candidate.name === name);
  if (section === undefined) return undefined;
  const reader = new ByteReader(module.bytes, section.head, section.end);
  reader.u8();
  reader.u32();
  reader.name(nameBytesMax);
  return reader;
}
