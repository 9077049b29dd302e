import { wat } from './wat.js';

/** What the spy does once it has looked around and written all over its memory. */
export const spyModes = {
  nothing: 'n',
  trap: 't',
  exit: 'e',
  grow: 'g',
  growByNothing: 'z',
  endless: 'l',
  recursion: 'r',
} as const;

/**
 * A WASI command that looks for what an earlier run left. Its output is the number of 8-byte words that are not zero
 * (its own data segment is one), or `false` when its memory has not the declared size. Then it fills all of its memory,
 * and ends in the way that its input's first character says.
 */
export async function spy(pages: number): Promise<Uint8Array> {
  const bytes = pages * 65_536;
  return wat(`(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") ${pages})
    (data (i32.const ${bytes - 4096}) "secret! ")
    (func $recurse (call $recurse))
    (func $found (result i32) (local $at i32) (local $count i32)
      (if (i32.ne (memory.size) (i32.const ${pages})) (then (return (i32.const -1))))
      (loop $next
        (if (i64.ne (i64.load (local.get $at)) (i64.const 0))
          (then (local.set $count (i32.add (local.get $count) (i32.const 1)))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const ${bytes}))))
      (local.get $count))
    (func (export "_start") (local $found i32) (local $mode i32)
      (local.set $found (call $found))
      (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const ${bytes}))
      (i32.store (i32.const 0) (i32.const 65))
      (i32.store (i32.const 4) (i32.const 64))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $mode (i32.load8_u (i32.const 66)))
      (i64.store (i32.const 128) (i64.const 0x65736c6166))
      (i32.store (i32.const 0) (i32.const 128))
      (i32.store (i32.const 4) (i32.const 5))
      (if (i32.ge_s (local.get $found) (i32.const 0)) (then
        (i32.store (i32.const 4) (i32.const 1))
        (if (i32.gt_u (local.get $found) (i32.const 9)) (then (local.set $found (i32.const 9))))
        (i32.store8 (i32.const 128) (i32.add (i32.const 48) (local.get $found)))))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
      (if (i32.eq (local.get $mode) (i32.const 116)) (then (unreachable)))
      (if (i32.eq (local.get $mode) (i32.const 101)) (then (call $exit (i32.const 1))))
      (if (i32.eq (local.get $mode) (i32.const 103)) (then (drop (memory.grow (i32.const 1)))))
      (if (i32.eq (local.get $mode) (i32.const 122)) (then (drop (memory.grow (i32.const 0)))))
      (if (i32.eq (local.get $mode) (i32.const 108)) (then (loop $again (br $again))))
      (if (i32.eq (local.get $mode) (i32.const 114)) (then (call $recurse)))))`);
}

/** What a spy finds in a memory that is as good as new. */
export const nothingFound = '1';
