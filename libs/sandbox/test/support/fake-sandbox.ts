import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What every fake can do: cut frames, and send any bytes whatever. */
const prelude = `
const kinds = { configure: 1, loadArtifact: 2, execute: 3, ping: 5, ready: 65, result: 66, wanted: 67, pong: 69 };
const vitals = Buffer.from(JSON.stringify({ rssBytes: 1, cachedArtifacts: 0, cachedBytes: 0, threadsEnded: 0 }));
const send = (kind, id, body = Buffer.alloc(0)) => {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt8(1, 4);
  head.writeUInt8(kind, 5);
  head.writeUInt32LE(id, 8);
  process.stdout.write(Buffer.concat([head, body]));
};
let pending = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  while (pending.length >= 12 && pending.length >= 12 + pending.readUInt32LE(0)) {
    const end = 12 + pending.readUInt32LE(0);
    const [kind, id, body] = [pending.readUInt8(5), pending.readUInt32LE(8), pending.subarray(12, end)];
    pending = pending.subarray(end);
    if (kind === kinds.configure && !globalThis.neverReady) send(kinds.ready, 0, vitals);
    if (kind === kinds.ping && !globalThis.silent) send(kinds.pong, id, vitals);
    if (kind === kinds.execute) onExecute(id, body);
  }
});
process.stdin.on('end', () => process.exit(0));
`;

/**
 * A sandbox process that misbehaves.
 *
 * @param script defines `onExecute(id, body)`; may set `neverReady` or `silent`.
 * @returns the folder to give the pool as `sandboxPath`.
 */
export async function fakeSandbox(script: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-fake-sandbox-'));
  await mkdir(path.join(folder, 'run'));
  await writeFile(path.join(folder, 'run/main.mjs'), `${script}\n${prelude}`);
  return folder;
}
