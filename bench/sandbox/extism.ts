import { parse } from '@bytecodealliance/jco';
import createPlugin from '@extism/extism';
import type { SandboxPool } from '@tenon/sandbox';
import { guestFrom, requestOf } from './guests.ts';
import { percentile, timed } from './timing.ts';

/** An Extism plug-in that copies its input to its output, with nothing that either side does not offer. */
const pluginWat = `(module
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 1)
  (func (export "run") (result i32) (local $at i64) (local $block i64)
    (local.set $block (call $alloc (call $length)))
    (loop $next
      (call $store (i64.add (local.get $block) (local.get $at)) (call $input (local.get $at)))
      (local.set $at (i64.add (local.get $at) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $at) (call $length))))
    (call $output (local.get $block) (call $length))
    (i32.const 0)))`;
const input = '{"cart":[1,2,3]}';
const warmUpRounds = 10;
const oursPerRound = 100;

/** One plug-in three ways: Extism's SDK interruptible and not, and our pool; taken in turns, so that noise hits all. */
export async function compareWithExtism(pool: SandboxPool, rounds: number) {
  const wasm = await parse(pluginWat);
  const module = await WebAssembly.compile(new Uint8Array(wasm));
  const guest = await guestFrom(wasm);
  const ours = async (): Promise<void> => {
    const result = await pool.execute(guest, requestOf(input), { tenantId: 'tnt_bench' });
    if (result.output !== input) throw new Error(`the plug-in failed here: ${result.message}`);
  };
  const theirs = async (runInWorker: boolean): Promise<void> => {
    const fresh = await createPlugin(module, { runInWorker });
    const output = await fresh.call('run', input);
    if (output?.text() !== input) throw new Error('the plug-in failed under Extism');
    await fresh.close();
  };
  // Both sides warm: what is compared is the way to work, not the compilers.
  for (let round = 0; round < warmUpRounds; round += 1) {
    await theirs(true);
    await theirs(false);
    for (let again = 0; again < oursPerRound; again += 1) await ours();
  }
  const samples = { isolated: [] as number[], inProcess: [] as number[], ours: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    samples.isolated.push(await timed(() => theirs(true)));
    samples.inProcess.push(await timed(() => theirs(false)));
    for (let again = 0; again < oursPerRound; again += 1) samples.ours.push(await timed(ours));
  }
  const isolatedUs = percentile(samples.isolated, 0.5);
  const oursUs = percentile(samples.ours, 0.5);
  return {
    extism_isolated_us_p50: isolatedUs,
    extism_inprocess_us_p50: percentile(samples.inProcess, 0.5),
    same_plugin_us_p50: oursUs,
    speedup_vs_extism_isolated: isolatedUs / oursUs,
  };
}
