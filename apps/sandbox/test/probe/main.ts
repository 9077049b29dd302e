/** Started in the place of the sandbox process, with its arguments: tries every door and says which one opened. */
import '../../src/harden.js';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { lookup, resolve4 } from 'node:dns/promises';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open as openInspector, Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { connect, createServer, type NetConnectOpts } from 'node:net';
import { writeHeapSnapshot } from 'node:v8';
import { WASI } from 'node:wasi';
import { Worker } from 'node:worker_threads';
import { closeModules } from '../../src/close-modules.js';

/** What the permission model, the flags and `harden` must close. */
const attempts: Readonly<Record<string, () => unknown>> = {
  'connect to a port': () => connectTo({ port: 6379, host: '127.0.0.1' }),
  'connect to a socket file': () => connectTo({ path: '/var/run/docker.sock' }),
  'listen on a port': () => settled(createServer().listen(0, '127.0.0.1'), 'listening'),
  'send a datagram': () => sendDatagram(),
  'resolve a name': () => lookup('localhost'),
  'ask a name server': () => resolve4('example.com'),
  fetch: () => fetch('http://127.0.0.1:1/'),
  'read the password file': () => readFileSync('/etc/passwd'),
  'read its own environment': () => readFileSync('/proc/self/environ'),
  'read its parent': () => readFileSync(`/proc/${process.ppid}/cmdline`),
  'list its descriptors': () => readdirSync('/proc/self/fd'),
  'list the root folder': () => readdirSync('/'),
  'read beside its folder': () => readFileSync(new URL('../build/main.mjs', import.meta.url)),
  'write into its folder': () => writeFileSync(new URL('./x', import.meta.url), ''),
  'write to the temporary folder': () => writeFileSync('/tmp/tenon-probe', ''),
  'start a process': () => execFileSync('/bin/true'),
  'load native code': () => createRequire('/')('/x.node'),
  'open a native library': () => process.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6'),
  'open the inspector': () => openInspector(0),
  'attach a debugger session': () => new Session().connect(),
  'use WASI with a folder': () => new WASI({ version: 'preview1', preopens: { '/': '/' } }),
  'signal its parent': () => process.kill(process.ppid, 0),
  'use an internal binding': () => callOf('binding')('tcp_wrap'),
  'take a module of Node': () => process.getBuiltinModule('node:fs'),
  'write a report': () => process.report.writeReport('/tmp/tenon-probe.json'),
  'read a report': () => process.report.getReport(),
  'become another user': () => callOf('setuid')(0),
  'replace itself': () => callOf('execve')('/bin/true', [], {}),
  'evaluate a string': () => new Function('return 1')(),
  'write a heap snapshot': () => writeHeapSnapshot('/tmp/tenon-probe.heapsnapshot'),
  'use a right to the network': () => useRight('net'),
  'use a right to processes': () => useRight('child'),
  'use a right to write': () => useRight('fs.write'),
};

/** What only closing the loader closes: modules of Node that ask no permission. */
const modules = [
  'node:worker_threads',
  'node:sqlite',
  'node:ffi',
  'node:fs',
  'node:net',
  './beside.mjs',
  'data:text/javascript,1',
];

function callOf(name: string): (...values: unknown[]) => unknown {
  return (process as unknown as Record<string, (...values: unknown[]) => unknown>)[name] as () => unknown;
}

function useRight(name: string): string {
  if (process.permission.has(name)) return 'has it';
  throw new Error('has no such right');
}

function connectTo(options: NetConnectOpts): Promise<string> {
  return settled(connect(options), 'connect');
}

function sendDatagram(): Promise<string> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.send('x', 53, '127.0.0.1', (error) => (error === null ? resolve('sent') : reject(error)));
  });
}

function settled(emitter: NodeJS.EventEmitter, event: string): Promise<string> {
  return new Promise((resolve, reject) => {
    emitter.on('error', reject);
    emitter.on(event, () => resolve(event));
  });
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

/** Some of Node's refusals are thrown where nobody can catch them. */
let refuseUncaught: (error: Error) => void = () => undefined;
process.on('uncaughtException', (error) => refuseUncaught(error));

async function attempt(open: () => unknown): Promise<string> {
  try {
    const uncaught = new Promise<never>((_, reject) => {
      refuseUncaught = reject;
    });
    uncaught.catch(() => undefined);
    return `OPEN: ${String(await Promise.race([open(), uncaught]))}`;
  } catch (error) {
    return textOf(error);
  }
}

const found: Record<string, string> = {};
for (const [name, open] of Object.entries(attempts)) found[name] = await attempt(open);
const thread = await new Promise((resolve) => {
  new Worker(new URL('./thread.mjs', import.meta.url), { env: {} }).once('message', resolve);
});
closeModules();
for (const name of modules) {
  found[`import ${name}`] = await attempt(() => import(name));
  found[`require ${name}`] = await attempt(() => createRequire(import.meta.url)(name));
}
const facts = { found, thread, environment: Object.keys(process.env), cwd: process.cwd() };
process.stdout.write(`${JSON.stringify(facts)}\n`);
// Stays, so that the host can look at it from outside.
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
