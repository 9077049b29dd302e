import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

const manifestStart = 48;

/**
 * A component's artifact with other glue in it: what a tenant would have who found a way to put its own words there.
 * The glue is padded to the length of what it replaces, so that nothing else moves.
 */
export function withGlue(artifact: Uint8Array, script: string): Uint8Array {
  const bytes = Buffer.from(artifact);
  const manifestEnd = manifestStart + bytes.readUInt32LE(12);
  const text = bytes.toString('utf8', manifestStart, manifestEnd);
  const { parts } = JSON.parse(text) as {
    parts: { kind: string; offset: number; bytes: number; sha256: string }[];
  };
  const glue = parts.find(({ kind }) => kind === 'glue');
  if (glue === undefined || script.length > glue.bytes) throw new Error('there is no room for other glue');
  const padded = Buffer.from(script.padEnd(glue.bytes));
  padded.copy(bytes, glue.offset);
  bytes.write(text.replace(glue.sha256, sha256(padded).toString('hex')), manifestStart);
  sha256(bytes.subarray(manifestStart, manifestEnd)).copy(bytes, 16);
  return bytes;
}

/** Glue of a component `run: func(string) -> result<string, string>` that runs a script in the main realm's reach. */
export function glueThatRuns(script: string): string {
  return `"use strict";
(function () { return function instantiate(getCoreModule, imports, instantiateCore) { return { run(input) {
  const main = Object.getPrototypeOf(Object.getPrototypeOf(TextEncoder)).constructor;
  const { port, queue } = main.loose;
  ${script}
} }; } })()`;
}

/** A copy of the sandbox in which a tenant's JavaScript has got at the port and the queue of its thread. */
export async function looseSandbox(bundle: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-loose-sandbox-'));
  await cp(bundle, folder, { recursive: true });
  const file = path.join(folder, 'run/guest-thread.mjs');
  const script = await readFile(file, 'utf8');
  const loose = script
    .replace('closeDoors();', 'Object.loose={port};closeDoors();')
    .replace('new WorkQueue(message.queue)', 'new WorkQueue(Object.loose.queue=message.queue)');
  if (loose.split('Object.loose').length !== 3) throw new Error('the guest thread looks different now');
  await writeFile(file, loose);
  return folder;
}
