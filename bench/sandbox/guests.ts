import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from '@bytecodealliance/jco';
import { defaultExecutionLimits, type ExecutionLimits, type ExecutionRequest } from '@tenon/contracts';
import type { ArtifactSource } from '@tenon/sandbox';
import { build } from '@tenon/wasm';

/** A WASI command that copies its input to its output; the comment makes one function differ from the next. */
function echoWat(mark: string): string {
  return `(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 60000) "${mark}")
    (func (export "_start")
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 32768))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))))`;
}

const hostileWats = {
  endless: '(module (memory (export "memory") 1) (func (export "_start") (loop $again (br $again))))',
  hungry: `(module (memory (export "memory") 1) (func (export "_start")
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (loop $spin (br $spin))))`,
};

async function artifactOf(wasm: Uint8Array): Promise<Uint8Array> {
  const built = await build(wasm);
  if (built.status !== 'ready') throw new Error(`a guest of the bench was not built: ${JSON.stringify(built)}`);
  return built.artifact;
}

function sourceOf(artifact: Uint8Array): ArtifactSource {
  return { id: createHash('sha256').update(artifact).digest('hex'), load: async () => artifact };
}

export async function guestFrom(wasm: Uint8Array): Promise<ArtifactSource> {
  return sourceOf(await artifactOf(wasm));
}

export async function echoModule(mark = ''): Promise<Uint8Array> {
  return parse(echoWat(mark));
}

export async function echoGuest(mark = ''): Promise<ArtifactSource> {
  return guestFrom(await echoModule(mark));
}

export async function hostileGuests(): Promise<readonly ArtifactSource[]> {
  const { endless, hungry } = hostileWats;
  return Promise.all([endless, hungry, endless].map(async (wat) => guestFrom(await parse(wat))));
}

/** Distinct small functions, made by changing one data segment of one module. */
export async function manyGuests(count: number, salt: string): Promise<readonly ArtifactSource[]> {
  const markOf = (index: number): string => `${salt}${index.toString().padStart(12, '0')}`;
  const pattern = Buffer.from(await parse(echoWat(markOf(0))));
  const at = pattern.indexOf(markOf(0));
  const guests: ArtifactSource[] = [];
  for (let index = 0; index < count; index += 1) {
    const wasm = Buffer.from(pattern);
    wasm.write(markOf(index), at);
    guests.push(await guestFrom(wasm));
  }
  return guests;
}

/** The same guests with their artifacts in files, read when a sandbox asks. */
export async function onDisk(guests: readonly ArtifactSource[]) {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-bench-'));
  const sources = await Promise.all(
    guests.map(async ({ id, load }): Promise<ArtifactSource> => {
      const file = path.join(folder, id);
      await writeFile(file, await load());
      return { id, load: () => readFile(file) };
    }),
  );
  return { sources, remove: () => rm(folder, { recursive: true }) };
}

export function requestOf(input: string, limits: Partial<ExecutionLimits> = {}): ExecutionRequest {
  return {
    input,
    limits: { ...defaultExecutionLimits, ...limits },
    clockMs: 1_750_000_000_000,
    seed: '5e'.repeat(32),
  };
}
