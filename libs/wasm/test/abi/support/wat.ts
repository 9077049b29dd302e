import { parse } from '@bytecodealliance/jco';

/** Assembles the text format; every proposal that Node runs is understood. */
export async function wat(source: string): Promise<Uint8Array> {
  return parse(source);
}

function bytesText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}

/** A data segment's text for any string. */
export function dataText(text: string): string {
  return bytesText(new TextEncoder().encode(text));
}

const prelude = `
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))`;

const writeFunction = `
  (func $write (param $fd i32) (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))`;

/** A WASI command: `$write fd pointer length` is there, bytes 0 to 15 of the memory are its scratch. */
export async function command(body: string, options: { readonly memory?: string; readonly extra?: string } = {}) {
  return wat(`(module ${prelude}
    (memory $memory (export "memory") ${options.memory ?? '1'})
    ${writeFunction}
    ${options.extra ?? ''}
    (func $main (export "_start") ${body}))`);
}

/** A command that writes one text to a descriptor; `after` runs behind it. */
export async function printing(text: string, fd: 1 | 2 = 1, after = ''): Promise<Uint8Array> {
  const { length } = new TextEncoder().encode(text);
  return command(`(call $write (i32.const ${fd}) (i32.const 1024) (i32.const ${length})) ${after}`, {
    extra: `(data (i32.const 1024) "${dataText(text)}")`,
  });
}
