import { setTimeout as sleep } from 'node:timers/promises';
import { type GuardedProcess, startGuarded } from '@tenon/devstack';
import { layout } from './layout.js';
import { splitLines } from './line-splitter.js';
import { showLogLine } from './log-line.js';
import { RestartPolicy } from './restart-policy.js';
import { RotatingLog } from './rotating-log.js';

/** A little more than the processes give themselves to finish what they have begun. */
const stopGraceMs = 15_000;
const keptLines = 20;

export interface ManagedProcessOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly verbose: boolean;
  readonly print: (line: string) => void;
  /** Told each process id, so that a later start can find what this one left behind. */
  readonly onSpawn: (pid: number) => Promise<void>;
  /** Called when it crashed too often to be started again. */
  readonly onGiveUp: (reason: string) => void;
}

/** One of our processes: started again when it crashes, its output in a file and, where it matters, on the screen. */
export class ManagedProcess {
  readonly #options: ManagedProcessOptions;
  readonly #log: RotatingLog;
  readonly #policy = new RestartPolicy();
  readonly #stopping = new AbortController();
  #lastLines: string[] = [];
  #current: GuardedProcess | undefined;
  #supervision: Promise<void> = Promise.resolve();
  #isUp = false;

  constructor(options: ManagedProcessOptions) {
    this.#options = options;
    this.#log = new RotatingLog(`${layout.logs}/${options.name}.log`);
  }

  async start(): Promise<void> {
    const startedMs = performance.now();
    const onText = splitLines((line) => this.#take(line));
    const child = await startGuarded({
      program: process.execPath,
      args: this.#options.args,
      stopSignal: 'SIGTERM',
      stopGraceMs,
      output: { onText },
      cwd: layout.root,
      env: this.#options.env,
    });
    this.#current = child;
    await this.#options.onSpawn(child.pid);
    this.#supervision = child.ended.then((how) => this.#afterEnd(how, performance.now() - startedMs));
  }

  /** From now on a crash is answered with a new start; before, it is a failed start. */
  markUp(): void {
    this.#isUp = true;
  }

  /** Undefined while it runs. */
  whyEnded(): string | undefined {
    return this.#current?.hasEnded() === true ? this.#lastLines.join('\n') : undefined;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#current?.stop();
    await this.#supervision;
  }

  #take(line: string): void {
    this.#log.write(line);
    const shown = showLogLine(line);
    this.#lastLines = [...this.#lastLines, shown.text].slice(-keptLines);
    if (this.#options.verbose || (shown.important && this.#isUp)) {
      this.#options.print(`${this.#options.name.padEnd(7)} ${shown.text}`);
    }
  }

  async #afterEnd(how: string, uptimeMs: number): Promise<void> {
    if (this.#stopping.signal.aborted || !this.#isUp) return;
    const delayMs = this.#policy.afterCrash(uptimeMs);
    if (delayMs === undefined) {
      this.#options.onGiveUp(`${this.#options.name} keeps ending (${how}); its log is in ${layout.logs}`);
      return;
    }
    this.#options.print(`${this.#options.name} ended (${how}) and starts again in ${delayMs / 1_000} s`);
    try {
      await sleep(delayMs, undefined, { signal: this.#stopping.signal });
      await this.start();
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#options.onGiveUp(`${this.#options.name} did not start again: ${error}`);
    }
  }
}
