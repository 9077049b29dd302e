import { parse } from '@bytecodealliance/jco';

const output = '{"discounts":[]}';
/** Of one turn of the loop below, by the rule of docs/limits.md. */
const instructionsPerTurn = 5;

/** A WASI command that takes about `instructions` and answers with no discounts. */
export function spinGuest(instructions: number): Promise<Uint8Array> {
  const turns = Math.max(1, Math.round(instructions / instructionsPerTurn));
  return parse(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 64) "${output.replaceAll('"', '\\22')}")
    (func (export "_start") (local $left i32)
      (local.set $left (i32.const ${turns}))
      (loop $again
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const ${output.length}))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))`);
}
