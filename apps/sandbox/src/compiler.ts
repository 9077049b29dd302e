import { Worker } from 'node:worker_threads';
import type { CompileAnswer } from './compile-thread.js';
import { type CompiledArtifact, compileArtifact, openArtifact } from './engine.js';

/** Artifacts up to this size compile in about a millisecond: less than the way to another thread and back is worth. */
const inlineBytesMax = 64 * 1024;

interface Order {
  readonly bytes: Uint8Array;
  readonly done: (answer: CompileAnswer) => void;
}

/** Compiles one large artifact after another in a thread of its own, which starts when the first one comes. */
export class Compiler {
  private thread: Worker | undefined;
  private readonly orders: Order[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly compileMsMax: number) {}

  /** @throws ArtifactError, WebAssembly.CompileError or Error with the reason. */
  compile(bytes: Uint8Array): CompiledArtifact | Promise<CompiledArtifact> {
    if (bytes.length <= inlineBytesMax) return compileArtifact(openArtifact(bytes));
    return new Promise((resolve, reject) => {
      const done = (answer: CompileAnswer): void =>
        answer.ok ? resolve(answer.compiled) : reject(new Error(answer.message));
      this.orders.push({ bytes, done });
      if (this.orders.length === 1) this.sendFirst();
    });
  }

  private sendFirst(): void {
    const order = this.orders[0];
    if (order === undefined) return;
    this.thread ??= this.start();
    this.thread.postMessage(order.bytes, [order.bytes.buffer as ArrayBuffer]);
    this.timer = setTimeout(() => {
      this.giveUp(`it took longer than ${this.compileMsMax} ms to compile`);
    }, this.compileMsMax);
  }

  private start(): Worker {
    const thread = new Worker(new URL('./compile-thread.mjs', import.meta.url), {
      env: {},
      stdout: true,
      stderr: true,
    });
    thread.stdout.resume();
    thread.stderr.resume();
    thread.on('message', (answer: CompileAnswer) => this.settle(answer));
    thread.on('error', (error: Error) => {
      if (this.thread === thread) this.giveUp(error.message);
    });
    return thread;
  }

  private giveUp(message: string): void {
    const { thread } = this;
    this.thread = undefined;
    void thread?.terminate();
    this.settle({ ok: false, message });
  }

  private settle(answer: CompileAnswer): void {
    clearTimeout(this.timer);
    this.orders.shift()?.done(answer);
    this.sendFirst();
  }
}
