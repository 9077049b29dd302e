import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@tenon/devstack';
import { root } from '../pipeline/stack.ts';

/** Something to compare with. */
export interface Rival {
  readonly url: string;
  stop(): Promise<void>;
}

const startTimeoutMs = 20_000;

export async function startNestEcho(): Promise<Rival> {
  const port = await freePort();
  const script = path.join(root, 'bench/sync/nest-echo.ts');
  return started(spawn(process.execPath, [script, String(port)], { stdio: ['ignore', 'inherit', 'inherit'] }), port);
}

/** @param guest - the file of a module that reads JSON from stdin and writes JSON to stdout */
export async function startWorkerd(guest: string): Promise<Rival> {
  const port = await freePort();
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-workerd-'));
  await copyFile(guest, path.join(folder, 'guest.wasm'));
  await copyFile(path.join(root, 'bench/sync/workerd-worker.js'), path.join(folder, 'worker.js'));
  await writeFile(path.join(folder, 'config.capnp'), configText(port));
  const binary = path.join(path.dirname(createRequire(import.meta.url).resolve('workerd')), '../bin/workerd');
  const child = spawn(binary, ['serve', path.join(folder, 'config.capnp')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const rival = await started(child, port);
  return {
    url: rival.url,
    stop: async () => {
      await rival.stop();
      await rm(folder, { recursive: true });
    },
  };
}

function configText(port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .guest)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const guest :Workerd.Worker = (
  serviceWorkerScript = embed "worker.js",
  bindings = [(name = "guest", wasmModule = embed "guest.wasm")],
  compatibilityDate = "2026-01-01",
);
`;
}

async function started(child: ChildProcess, port: number): Promise<Rival> {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const deadline = performance.now() + startTimeoutMs;
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('what is compared with did not start');
    await delay(50);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      process.off('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      kill();
      await exited;
    },
  };
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
