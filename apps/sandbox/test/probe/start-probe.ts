import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { launchArguments } from '@tenon/sandbox';
import { build } from 'esbuild';
import type { ThreadFacts } from './thread.js';

export interface ProbeFacts {
  /** What each attempt ended with: a code of Node, or `OPEN: …`. */
  readonly found: Readonly<Record<string, string>>;
  readonly thread: ThreadFacts;
  readonly environment: readonly string[];
  readonly cwd: string;
}

export interface Probe {
  readonly facts: ProbeFacts;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** Starts the probe exactly as the pool starts a sandbox process, but for its script. */
export async function startProbe(): Promise<Probe> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-probe-'));
  await build({
    entryPoints: {
      main: fileURLToPath(new URL('./main.ts', import.meta.url)),
      thread: fileURLToPath(new URL('./thread.ts', import.meta.url)),
    },
    outdir: path.join(folder, 'run'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  const child = spawn(process.execPath, launchArguments({ role: 'run', bundlePath: folder }), {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const facts = await firstLine(child);
  return {
    facts: JSON.parse(facts) as ProbeFacts,
    child,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin?.end();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the probe has no stdout');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the probe ended without a word');
}
