import type { BuildRejection } from '@tenon/contracts';
import { ByteReader } from '../../binary/byte-reader.js';
import { WasmError } from '../../binary/wasm-error.js';

/**
 * Bounds on a component before the transpiler sees it. Toolchains nest two deep (a runtime and its adapter) and write a
 * few hundred items; the transpiler's work grows with each.
 */
export const componentBounds = {
  nestingMax: 6,
  componentsMax: 64,
  coreModulesMax: 64,
  /** Types, aliases, instances, imports, exports, all together. */
  itemsMax: 20_000,
} as const;

const componentPreamble = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00] as const;
const sectionId = { custom: 0, coreModule: 1, component: 4, start: 9 } as const;

/** Sections of the component format and of the drafts behind it: 12 is "values", which nothing emits yet. */
const sectionIdMax = 12;

interface Tally {
  components: number;
  coreModules: number;
  items: number;
}

class ScanRefusal extends Error {
  constructor(readonly rejection: BuildRejection) {
    super(rejection.message);
  }
}

function refuse(code: string, message: string, offset: number, found?: number, allowed?: number): never {
  throw new ScanRefusal({
    code,
    message,
    offset,
    ...(found === undefined ? {} : { found: String(found) }),
    ...(allowed === undefined ? {} : { allowed: String(allowed) }),
  });
}

function checkTally(tally: Tally, offset: number): void {
  const { componentsMax, coreModulesMax, itemsMax } = componentBounds;
  if (tally.components > componentsMax) {
    refuse('components_limit', 'The component holds too many components.', offset, tally.components, componentsMax);
  }
  if (tally.coreModules > coreModulesMax) {
    refuse(
      'core_modules_limit',
      'The component holds too many core modules.',
      offset,
      tally.coreModules,
      coreModulesMax,
    );
  }
  if (tally.items > itemsMax) {
    refuse('component_items_limit', 'The component defines too many items.', offset, tally.items, itemsMax);
  }
}

/** Recursion is bounded by `nestingMax`. */
function scan(reader: ByteReader, depth: number, tally: Tally): void {
  const { nestingMax } = componentBounds;
  if (depth > nestingMax) {
    refuse('component_nesting_limit', 'Components are nested too deep.', reader.pos, depth, nestingMax);
  }
  for (const byte of componentPreamble) {
    if (reader.u8() !== byte) refuse('malformed', 'This is not the start of a component.', reader.pos - 1);
  }
  while (reader.pos < reader.end) {
    const id = reader.u8();
    const size = reader.u32();
    const start = reader.pos;
    if (id > sectionIdMax)
      refuse('unknown_section', 'The component has a section that Tenon does not know.', start, id);
    reader.skip(size);
    if (id === sectionId.component) {
      tally.components += 1;
      checkTally(tally, start);
      scan(new ByteReader(reader.bytes, start, start + size), depth + 1, tally);
    } else if (id === sectionId.coreModule) tally.coreModules += 1;
    else if (id !== sectionId.custom && id !== sectionId.start) {
      tally.items += new ByteReader(reader.bytes, start, start + size).u32();
    }
    checkTally(tally, start);
  }
}

/** Walks a component's sections and refuses what has too many of anything, before anything costly looks at it. */
export function scanComponent(bytes: Uint8Array): BuildRejection | undefined {
  try {
    scan(new ByteReader(bytes), 1, { components: 1, coreModules: 0, items: 0 });
    return undefined;
  } catch (error) {
    if (error instanceof ScanRefusal) return error.rejection;
    if (!(error instanceof WasmError)) throw error;
    const { code, message, offset } = error;
    return { code, message, ...(offset === undefined ? {} : { offset }) };
  }
}
