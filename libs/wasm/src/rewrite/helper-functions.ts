import type { DecodedLimits } from '../inspect/decoded-module.js';
import { Assembler } from './assembler.js';
import { limitCode, sliceInstructions } from './counters.js';
import { type Helper, pageBytes, type RewritePlan, tableElementBytes } from './plan.js';
import { takesDepth } from './shapes.js';
import { valueType } from './type-table.js';

const i32 = Uint8Array.of(valueType.i32);
const i64 = Uint8Array.of(valueType.i64);

/** What a growth costs beside its size: the engine leaves compiled code and may replace buffers. */
const growFuel = 256;
/** A page of memory is 65,536 bytes to be zeroed and mapped: one unit per 64 bytes. */
const growShiftPerPage = 10;
/** Moved bytes cost one unit per 8, as a loop of 64-bit loads and stores would at its very best. */
const moveShift = 3;
/** What any such operator costs beside that: a call out of compiled code. */
const memoryBaseFuel = 8;
/** An init has to find its segment first. */
const initBaseFuel = 64;
/** A table's element costs 16 units and any operator on tables 32: V8 takes some 40 ns per element, measured. */
const tableShift = 4;
const tableBaseFuel = 32;
/** Array elements cost one unit per 4 bytes, since most of these operators allocate as well. */
const arrayShift = 2;

/** V8's bounds on memories, in pages, and on tables, in elements (`src/wasm/wasm-limits.h`). */
const enginePagesMax = 65_536;
const enginePagesMax64 = 262_144;
const engineElementsMax = 10_000_000;

/** The type index and body (without its size) of every helper, in the order of their indices. */
export function helperFunctions(plan: RewritePlan): { readonly type: number; readonly body: Uint8Array }[] {
  return plan.helpers.map((helper) => {
    switch (helper.kind) {
      case 'slow':
        return slow(plan);
      case 'refill':
        return refill(plan);
      case 'exhausted':
        return exhausted(plan);
      case 'ask':
        return ask(plan);
      case 'overflow':
        return overflow(plan, helper);
      case 'memoryGrow':
      case 'tableGrow':
        return grow(plan, helper);
      case 'memoryBulk':
      case 'memoryInit':
      case 'tableBulk':
      case 'tableInit':
        return bulk(plan, helper);
      case 'arrayBulk':
        return arrayBulk(plan, helper);
      case 'surcharge':
        return surcharge(plan);
      default:
        return start(plan, helper);
    }
  });
}

/**
 * Reached when the stack or the slice of fuel is used up: ends the run, or takes the next slice from the reserve.
 * Parameters: the stack left, the fuel. Gives the new fuel.
 */
function slow(plan: RewritePlan): { type: number; body: Uint8Array } {
  const code = new Assembler();
  code.ops(0);
  code.get(0).const32(0).ops(0x48, 0x04, 0x40);
  code.get(1).setGlobal(plan.counter('fuel')).const32(limitCode.stack).setGlobal(plan.counter('limit'));
  code.indexed(0x10, plan.helper('overflow')).ops(0x00, 0x0b);
  code.get(1).indexed(0x10, plan.helper('refill')).ops(0x0b);
  return { type: plan.types.plain([i32, i64], [i64]), body: code.out.take() };
}

/**
 * Takes the next slice from the reserve, or ends the run. What it calls never comes back, so that the engine can take it
 * into the code that calls it without keeping registers free for a call. Parameter: the fuel. Gives the new fuel.
 */
function refill(plan: RewritePlan): { type: number; body: Uint8Array } {
  const [fuel, reserve] = [plan.counter('fuel'), plan.counter('reserve')];
  const code = new Assembler();
  code.ops(0);
  // As many whole slices as make the fuel positive again: what is below a slice stays, the rest is owed to the reserve.
  code.global(reserve).get(0).const64(-sliceInstructions).ops(0x83, 0x7c).setGlobal(reserve);
  code
    .get(0)
    .const64(sliceInstructions - 1)
    .ops(0x83)
    .indexed(0x22, 0)
    .setGlobal(fuel);
  code.global(reserve).const64(0).ops(0x53, 0x04, 0x40).indexed(0x10, plan.helper('exhausted'));
  code.ops(0x00, 0x0b).get(0).ops(0x0b);
  return { type: plan.types.plain([i64], [i64]), body: code.out.take() };
}

/**
 * Ends the run: nothing is left. What is left in all stays as it is, but none of it as fuel above zero: should a host
 * function have called the guest and swallow this, the guest that called the host ends at its next question, and so
 * does whatever the host calls after this.
 */
function exhausted(plan: RewritePlan): { type: number; body: Uint8Array } {
  const [fuel, reserve] = [plan.counter('fuel'), plan.counter('reserve')];
  const code = new Assembler().ops(0);
  code.global(reserve).global(fuel).ops(0x7c).const64(1).ops(0x7c).setGlobal(fuel);
  code.const64(-1).setGlobal(reserve).ops(0x00, 0x0b);
  return { type: plan.types.plain([], []), body: code.out.take() };
}

/** Asks if anything is left, where code returns to whoever called it from outside. */
function ask(plan: RewritePlan): { type: number; body: Uint8Array } {
  const fuel = plan.counter('fuel');
  const code = new Assembler().ops(0).global(fuel).const64(0).ops(0x53, 0x04, 0x40);
  code.global(fuel).indexed(0x10, plan.helper('refill')).setGlobal(fuel).ops(0x0b, 0x0b);
  return { type: plan.types.plain([], []), body: code.out.take() };
}

/**
 * Calls itself until the engine's own stack is used up, so that a stack overflow surfaces as the engine's own error
 * and, like it, cannot be caught by the guest; or traps, which can't be caught either.
 */
function overflow(plan: RewritePlan, helper: Helper): { type: number; body: Uint8Array } {
  const code = new Assembler().ops(0);
  if (plan.trapsOnOverflow) code.ops(0x00, 0x0b);
  else code.indexed(0x10, helper.index).ops(0x0b);
  return { type: plan.types.plain([], []), body: code.out.take() };
}

/**
 * Charges `amount` (in a local) to fuel and bulk, and takes a new slice when that used the old one up. Both counters
 * are written at once, so that they agree when the operator traps that was charged for.
 */
function charge(plan: RewritePlan, code: Assembler, fuelLocal: number, amountLocal: number): void {
  const bulkCounter = plan.counter('bulk');
  code.global(bulkCounter).get(amountLocal).ops(0x7c).setGlobal(bulkCounter);
  code.get(fuelLocal).get(amountLocal).ops(0x7d).indexed(0x22, fuelLocal).setGlobal(plan.counter('fuel'));
  code.get(fuelLocal).const64(0).ops(0x53, 0x04, 0x40);
  code.get(fuelLocal).indexed(0x10, plan.helper('refill')).set(fuelLocal).ops(0x0b);
}

/**
 * `memory.grow` and `table.grow` under the budget of the instance. Parameters: what the operator takes, then the fuel.
 * Locals: the size in bytes, the cost, the answer.
 */
function grow(plan: RewritePlan, helper: Helper): { type: number; body: Uint8Array } {
  const { module } = plan;
  const isMemory = helper.kind === 'memoryGrow';
  const table = module.tables[helper.subject];
  const limits = (isMemory ? module.memories[helper.subject] : table) as DecodedLimits;
  const index = limits.is64 ? i64 : i32;
  const element = table === undefined ? i64 : module.bytes.slice(table.elementType.start, table.elementType.end);
  const params = isMemory ? [index, i64] : [element, index, i64];
  const delta = isMemory ? 0 : 1;
  const [fuel, bytes, cost, answer] = [delta + 1, delta + 2, delta + 3, delta + 4];
  const code = new Assembler().ops(2, 2, valueType.i64, 1, ...index);
  const widen = (): Assembler => (limits.is64 ? code.get(delta) : code.get(delta).ops(0xad));
  const minusOne = (): Assembler => code.ops(limits.is64 ? 0x42 : 0x41, 0x7f);
  // What can never be had is refused like anywhere else: for nothing, and not on account of the budget.
  const size = (): Assembler => {
    if (isMemory) code.indexed(0x3f, helper.subject);
    else code.ops(0xfc).indexed(16, helper.subject);
    return limits.is64 ? code : code.ops(0xad);
  };
  widen();
  code.const64(growthMax(limits, isMemory));
  size().ops(0x7d, 0x56, 0x04, 0x40);
  minusOne().get(fuel).ops(0x0f, 0x0b);
  widen()
    .const64(isMemory ? pageBytes : tableElementBytes)
    .ops(0x7e)
    .set(bytes);
  code.const64(growFuel).set(cost);
  charge(plan, code, fuel, cost);
  code.global(plan.counter('memory')).get(bytes).ops(0x7c).global(plan.counter('memoryMax')).ops(0x56, 0x04, 0x40);
  code.get(bytes).setGlobal(plan.counter('refused'));
  minusOne().get(fuel).ops(0x0f, 0x0b);
  widen();
  code.const64(isMemory ? growShiftPerPage : tableShift).ops(0x86);
  code.set(cost);
  charge(plan, code, fuel, cost);
  if (isMemory) code.get(delta).indexed(0x40, helper.subject);
  else code.get(0).get(delta).ops(0xfc).indexed(15, helper.subject);
  code.indexed(0x22, answer);
  minusOne().ops(limits.is64 ? 0x52 : 0x47, 0x04, 0x40);
  code.global(plan.counter('memory')).get(bytes).ops(0x7c).setGlobal(plan.counter('memory')).ops(0x0b);
  code.get(answer).get(fuel).ops(0x0b);
  return { type: plan.types.plain(params, [index, i64]), body: code.out.take() };
}

/** The size that the module declares as the largest, or V8's own bound where that is lower. */
function growthMax(limits: DecodedLimits, isMemory: boolean): number {
  const engineMax = isMemory ? (limits.is64 ? enginePagesMax64 : enginePagesMax) : engineElementsMax;
  return Math.min(limits.max ?? engineMax, engineMax);
}

/**
 * Charges a copy, fill or init before it runs. A length above the size of the whole memory or table moves nothing:
 * the operator will trap, and is not charged for what it cannot do. Parameters and results: the length, the fuel.
 */
function bulk(plan: RewritePlan, helper: Helper): { type: number; body: Uint8Array } {
  const { module } = plan;
  const isMemory = helper.kind === 'memoryBulk' || helper.kind === 'memoryInit';
  const isInit = helper.kind === 'memoryInit' || helper.kind === 'tableInit';
  const limits = (isMemory ? module.memories : module.tables)[helper.subject];
  const is64 = limits?.is64 === true;
  const length = is64 && !isInit ? i64 : i32;
  const code = new Assembler().ops(1, 1, valueType.i64);
  const widen = (wide: boolean): Assembler => (wide ? code : code.ops(0xad));
  code.get(0);
  widen(length === i64).set(2);
  code.get(2);
  if (isMemory) code.indexed(0x3f, helper.subject);
  else code.ops(0xfc).indexed(16, helper.subject);
  widen(is64);
  if (isMemory) code.const64(16).ops(0x86);
  code.ops(0x58, 0x04, 0x40).get(2);
  if (isMemory)
    code
      .const64(moveShift)
      .ops(0x88)
      .const64(isInit ? initBaseFuel : memoryBaseFuel);
  else code.const64(tableShift).ops(0x86).const64(tableBaseFuel);
  code.ops(0x7c).set(2);
  charge(plan, code, 1, 2);
  code.ops(0x0b).get(0).get(1).ops(0x0b);
  return { type: plan.types.plain([length, i64], [length, i64]), body: code.out.take() };
}

/** Charges an array operator by the bytes of its elements. Parameters and results: the number of elements, the fuel. */
function arrayBulk(plan: RewritePlan, helper: Helper): { type: number; body: Uint8Array } {
  const code = new Assembler().ops(1, 1, valueType.i64);
  code.get(0).ops(0xad).const64(helper.subject).ops(0x86);
  code.const64(arrayShift).ops(0x88).const64(memoryBaseFuel).ops(0x7c).set(2);
  charge(plan, code, 1, 2);
  code.get(0).get(1).ops(0x0b);
  return { type: plan.types.plain([i32, i64], [i32, i64]), body: code.out.take() };
}

/** Charges a fixed amount. Parameters: the amount, the fuel. Gives the new fuel. */
function surcharge(plan: RewritePlan): { type: number; body: Uint8Array } {
  const code = new Assembler().ops(1, 1, valueType.i64).get(0).ops(0xad).set(2);
  charge(plan, code, 1, 2);
  code.get(1).ops(0x0b);
  return { type: plan.types.plain([i32, i64], [i64]), body: code.out.take() };
}

/** Runs the start function. It has an index of its own, since exporting the original would allow `ref.func` on it. */
function start(plan: RewritePlan, helper: Helper): { type: number; body: Uint8Array } {
  const code = new Assembler().ops(0).indexed(0x10, helper.subject).indexed(0x10, plan.helper('ask')).ops(0x0b);
  return { type: plan.types.plain([], []), body: code.out.take() };
}

/**
 * Stands in a private table for a function that finds the counters in their globals: an import, or one with tail calls.
 * Parameters and results are those of an inner function.
 */
export function tableEntryBody(plan: RewritePlan, index: number): Uint8Array {
  const params = plan.module.types[plan.module.functionTypes[index] as number]?.paramCount ?? 0;
  const [fuel, depth] = [plan.counter('fuel'), plan.counter('depth')];
  const code = new Assembler().ops(0);
  code
    .get(params)
    .setGlobal(depth)
    .get(params + 1)
    .setGlobal(fuel);
  for (let at = 0; at < params; at++) code.get(at);
  code.indexed(0x10, index).global(fuel).ops(0x0b);
  return code.out.take();
}

/**
 * The entry of a wrapped function: takes the counters from their globals, calls the inner function, puts them back.
 * While the inner function runs, the hand-over of the stack holds a whole stack again, so that neither a trap nor an
 * exception leaves a shorter one behind. What was not asked about on the way is asked when it returns, so that a run
 * that used more than its limit never ends as if it had not.
 */
export function wrapperBody(plan: RewritePlan, index: number, inner: number): Uint8Array {
  const params = plan.module.types[plan.module.functionTypes[index] as number]?.paramCount ?? 0;
  const [fuel, depth] = [plan.counter('fuel'), plan.counter('depth')];
  const withDepth = takesDepth(plan.shape(index));
  const code = withDepth ? new Assembler().ops(1, 1, valueType.i32) : new Assembler().ops(0);
  for (let at = 0; at < params; at++) code.get(at);
  if (withDepth) {
    code.global(depth).indexed(0x22, params);
    code.global(plan.counter('stack')).setGlobal(depth);
  }
  code.global(fuel).indexed(0x10, inner).setGlobal(fuel);
  if (withDepth) code.get(params).setGlobal(depth);
  return code.indexed(0x10, plan.helper('ask')).ops(0x0b).out.take();
}
