import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from '@bytecodealliance/jco';
import type { ArtifactSource } from '@tenon/sandbox';
import { build } from '@tenon/wasm';

/** Gives an artifact a name and hands its bytes out; `loads` counts how often. */
export interface CountedSource extends ArtifactSource {
  loads: number;
}

export function sourceOf(artifact: Uint8Array, salt = ''): CountedSource {
  const source: CountedSource = {
    id: createHash('sha256').update(artifact).update(salt).digest('hex'),
    loads: 0,
    load: async () => {
      source.loads += 1;
      return artifact;
    },
  };
  return source;
}

/** Builds a module that must fit. */
export async function artifactOf(wasm: Uint8Array): Promise<Uint8Array> {
  const built = await build(wasm);
  if (built.status !== 'ready') throw new Error(`the guest was not built: ${JSON.stringify(built)}`);
  return built.artifact;
}

export async function guestFromWat(wat: string, salt = ''): Promise<CountedSource> {
  return sourceOf(await artifactOf(await parse(wat)), salt);
}

export async function guestFromFile(file: string | URL): Promise<CountedSource> {
  return guestFromWat(await readFile(file, 'utf8'));
}

/** A WASI command that copies its input to its output. */
export const echoWat = `(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 65536))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 4) (i32.load (i32.const 8)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))))`;

/** A WASI command that never ends by itself. */
export const endlessWat = `(module
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again))))`;

/** A WASI command whose output is nineteen digits that it drew by chance. */
export const diceWat = `(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $at i32)
    (drop (call $random (i32.const 64) (i32.const 19)))
    (loop $digit
      (i32.store8 (i32.add (i32.const 64) (local.get $at))
        (i32.add (i32.const 49) (i32.rem_u (i32.load8_u (i32.add (i32.const 64) (local.get $at))) (i32.const 9))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $digit (i32.lt_u (local.get $at) (i32.const 19))))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 19))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;

/** An Extism plug-in whose output is its setting `a`. */
export const settingsWat = `(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "config_get" (func $config (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 1)
  (func (export "run") (result i32) (local $name i64) (local $value i64)
    (local.set $name (call $alloc (i64.const 1)))
    (call $store (local.get $name) (i32.const 97))
    (local.set $value (call $config (local.get $name)))
    (call $output (local.get $value) (call $length (local.get $value)))
    (i32.const 0)))`;
