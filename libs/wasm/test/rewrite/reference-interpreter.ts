import fc from 'fast-check';

/** A small structured language with locals, loops, branches and calls: enough to go wrong in, small enough to trust. */
export type Statement =
  | { readonly kind: 'set'; readonly local: number; readonly add: number; readonly from: number }
  | { readonly kind: 'if'; readonly local: number; readonly yes: Statement[]; readonly no: Statement[] }
  | { readonly kind: 'loop'; readonly rounds: number; readonly depth: number; readonly body: Statement[] }
  | { readonly kind: 'leave'; readonly local: number; readonly body: Statement[] }
  | { readonly kind: 'call'; readonly local: number }
  | { readonly kind: 'return'; readonly local: number };

const local = fc.integer({ min: 0, max: 3 });

/** Random programs; loops count in locals of their own, so every program ends. */
export const program: fc.Arbitrary<Statement[]> = fc.letrec<{ block: Statement[]; statement: Statement }>((tie) => ({
  block: fc.array(tie('statement'), { maxLength: 4 }),
  statement: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('set' as const), local, add: fc.integer({ min: -9, max: 9 }), from: local }),
    fc.record({ kind: fc.constant('call' as const), local }),
    fc.record({ kind: fc.constant('return' as const), local }),
    fc.record({ kind: fc.constant('if' as const), local, yes: tie('block'), no: tie('block') }),
    fc.record({
      kind: fc.constant('loop' as const),
      rounds: fc.integer({ min: 1, max: 4 }),
      depth: fc.constant(0),
      body: tie('block'),
    }),
    fc.record({ kind: fc.constant('leave' as const), local, body: tie('block') }),
  ),
})).block;

/** The program as the text format; `$n` locals count the loops' rounds, one per loop. */
export function toText(statements: readonly Statement[]): string {
  let loops = 0;
  const write = (block: readonly Statement[]): string => block.map(one).join('\n');
  const one = (statement: Statement): string => {
    switch (statement.kind) {
      case 'set':
        return `(local.set ${statement.local} (i32.add (local.get ${statement.from}) (i32.const ${statement.add})))`;
      case 'if':
        return `(if (i32.and (local.get ${statement.local}) (i32.const 1)) (then ${write(statement.yes)}) (else ${write(statement.no)}))`;
      case 'loop': {
        const counter = `$n${loops++}`;
        return `(local.set ${counter} (i32.const ${statement.rounds})) (loop ${write(statement.body)}
          (br_if 0 (local.tee ${counter} (i32.sub (local.get ${counter}) (i32.const 1)))))`;
      }
      case 'leave':
        return `(block (br_if 0 (local.get ${statement.local})) ${write(statement.body)})`;
      case 'call':
        return `(local.set ${statement.local} (call $double (local.get ${statement.local})))`;
      default:
        return `(return (local.get ${statement.local}))`;
    }
  };
  const body = write(statements);
  const counters = Array.from({ length: loops }, (_, at) => `(local $n${at} i32)`).join(' ');
  return `(module
    (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
    (func (export "run") (param i32 i32 i32) (result i32) (local i32) ${counters} ${body} (local.get 0)))`;
}

/** Runs the program and counts as the rule says: 1 for entering a function, 1 per operator that is not free. */
export function interpret(statements: readonly Statement[], args: readonly number[]): { value: number; count: number } {
  const locals = [...args, 0];
  let count = 1;
  const at = (index: number): number => locals[index] ?? 0;
  const run = (block: readonly Statement[]): number | undefined => {
    for (const statement of block) {
      const returned = one(statement);
      if (returned !== undefined) return returned;
    }
    return undefined;
  };
  const loop = (rounds: number, body: readonly Statement[]): number | undefined => {
    count += 2;
    for (let round = 0; round < rounds; round++) {
      const returned = run(body);
      if (returned !== undefined) return returned;
      count += 5;
    }
    return undefined;
  };
  const one = (statement: Statement): number | undefined => {
    switch (statement.kind) {
      case 'set':
        count += 4;
        locals[statement.local] = (at(statement.from) + statement.add) | 0;
        return undefined;
      case 'if':
        count += 4;
        return run(at(statement.local) & 1 ? statement.yes : statement.no);
      case 'loop':
        return loop(statement.rounds, statement.body);
      case 'leave':
        count += 2;
        return at(statement.local) === 0 ? run(statement.body) : undefined;
      case 'call':
        count += 3 + 4;
        locals[statement.local] = (at(statement.local) << 1) | 0;
        return undefined;
      default:
        count += 1;
        return at(statement.local);
    }
  };
  const returned = run(statements);
  if (returned !== undefined) return { value: returned, count };
  return { value: at(0), count: count + 1 };
}
