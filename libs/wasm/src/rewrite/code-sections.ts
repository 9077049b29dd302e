import { ByteWriter } from '../binary/byte-writer.js';
import { WasmError } from '../binary/wasm-error.js';
import { BodyRewriter } from './body-rewriter.js';
import { helperFunctions, tableEntryBody, wrapperBody } from './helper-functions.js';
import type { RewritePlan } from './plan.js';
import { shape } from './shapes.js';

/** The code of the rewritten module and the types of its functions, which are only known together. */
export interface CodeSections {
  /** Type index of every defined function, in order. */
  readonly types: readonly number[];
  /** Body count and bodies. */
  readonly code: Uint8Array;
  /** Contents of the branch hint section. */
  readonly hints: Uint8Array;
}

/** V8 takes no larger body (`src/wasm/wasm-limits.h`). */
const bodyBytesMax = 7_654_321;

/** Bodies and their hints in the order of their indices; there is one list for the original places, one for new ones. */
class BodyList {
  readonly types: number[] = [];
  readonly code: ByteWriter;
  readonly hints = new ByteWriter(1024);
  hinted = 0;

  constructor(capacity: number) {
    this.code = new ByteWriter(capacity);
  }

  add(type: number, body: Uint8Array): void {
    this.types.push(type);
    this.code.u32(body.length);
    this.code.raw(body);
  }

  /** Says that the branches at these offsets in the function's body are unlikely. */
  hint(functionIndex: number, offsets: readonly number[]): void {
    if (offsets.length === 0) return;
    this.hinted++;
    this.hints.u32(functionIndex);
    this.hints.u32(offsets.length);
    for (const offset of offsets) {
      this.hints.u32(offset);
      this.hints.list([1, 0]);
    }
  }
}

/** Rewrites every body of the module. */
export function codeSections(plan: RewritePlan): CodeSections {
  const { module } = plan;
  const size = module.bodyEnds.length === 0 ? 0 : (module.bodyEnds.at(-1) as number) - (module.bodyStarts[0] as number);
  const placed = new BodyList(size + (size >> 1) + 1024);
  const appended = new BodyList(4096);
  module.loops.rewind();
  const rewriter = new BodyRewriter(plan);
  for (let at = 0; at < module.bodyStarts.length; at++) {
    const index = module.importedFunctions + at;
    const type = module.functionTypes[index] as number;
    rewriter.rewrite(at, plan.shape(index));
    const inner = plan.innerIndex[index] as number;
    const list = plan.wrapped[at] === 1 ? appended : placed;
    checkSize(rewriter.out.pos, index);
    list.add(plan.innerType(index), rewriter.out.view());
    list.hint(inner < 0 ? index : inner, rewriter.emit.unlikely);
    if (plan.wrapped[at] !== 1) continue;
    if (plan.shape(index) === shape.free) {
      rewriter.rewrite(at, shape.free, true);
      placed.add(type, rewriter.out.view());
      placed.hint(index, rewriter.emit.unlikely);
    } else placed.add(type, wrapperBody(plan, index, inner));
  }
  for (const { original, index } of plan.standIns) {
    const type = plan.elementType(original);
    if (plan.shape(original) === shape.outer) appended.add(type, tableEntryBody(plan, original));
    else {
      rewriter.rewrite(original - module.importedFunctions, shape.slim);
      appended.add(type, rewriter.out.view());
      appended.hint(index, rewriter.emit.unlikely);
    }
  }
  for (const { type, body } of helperFunctions(plan)) appended.add(type, body);
  const types = [...placed.types, ...appended.types];
  return { types, code: joined(types.length, placed.code, appended.code), hints: hintSection(placed, appended) };
}

function checkSize(bytes: number, functionIndex: number): void {
  if (bytes <= bodyBytesMax) return;
  throw new WasmError('function_body_bytes_limit', 'A function is too large once it is metered.', {
    section: 'code',
    functionIndex,
    found: `${bytes} bytes`,
    allowed: `${bodyBytesMax} bytes`,
  });
}

function hintSection(placed: BodyList, appended: BodyList): Uint8Array {
  return joined(placed.hinted + appended.hinted, placed.hints, appended.hints);
}

function joined(count: number, first: ByteWriter, second: ByteWriter): Uint8Array {
  const out = new ByteWriter(first.pos + second.pos + 8);
  out.u32(count);
  out.raw(first.bytes, 0, first.pos);
  out.raw(second.bytes, 0, second.pos);
  return out.view();
}
