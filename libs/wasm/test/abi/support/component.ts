import { componentEmbed, componentNew } from '@bytecodealliance/jco';
import { wat } from './wat.js';

/** Wraps a core module into a component for a world, as toolchains do. */
export async function componentOf(core: string, wit: string, world = 'w'): Promise<Uint8Array> {
  const embedded = await componentEmbed({ binary: await wat(core), witSource: wit, world });
  return componentNew(embedded, []);
}

export const textWorld = 'package test:text; world w { export run: func(input: string) -> result<string, string>; }';

/**
 * A core module with what the canonical ABI needs: an allocator that only moves on, and `$answer discriminant pointer
 * length`, which gives the address of a `result<string, string>`.
 */
export function textCore(body: string, extra = ''): string {
  return `(module
    ${extra}
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (local.get $at) (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8))))
      (local.get $at))
    (func $answer (param $tag i32) (param $at i32) (param $length i32) (result i32)
      (i32.store (i32.const 16) (local.get $tag))
      (i32.store (i32.const 20) (local.get $at))
      (i32.store (i32.const 24) (local.get $length))
      (i32.const 16))
    (func $run (export "run") (param $at i32) (param $length i32) (result i32) ${body}))`;
}

/** A component whose `run` has this body. */
export async function textComponent(body: string, extra = ''): Promise<Uint8Array> {
  return componentOf(textCore(body, extra), textWorld);
}
