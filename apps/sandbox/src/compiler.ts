import { Worker } from 'node:worker_threads';
import type { CompileAnswer } from './compile-thread.js';
import { type CompiledArtifact, compileArtifact, openArtifact } from './engine.js';

/** Artifacts up to this size compile in about a millisecond: less than the way to another thread and back is worth. */
const inlineBytesMax = 64 * 1024;

/** Threads that compile; each starts when it is first needed. A tenant has one of them at a time. */
const lanesMax = 3;

interface Order {
  readonly tenantId: string;
  readonly bytes: Uint8Array;
  readonly done: (answer: CompileAnswer) => void;
}

interface Lane {
  thread: Worker | undefined;
  order: Order | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Compiles large artifacts in threads of their own, one of each tenant at a time, so that a slow one delays its owner. */
export class Compiler {
  private readonly lanes: readonly Lane[] = Array.from({ length: lanesMax }, () => ({
    thread: undefined,
    order: undefined,
    timer: undefined,
  }));
  private waiting: Order[] = [];

  constructor(private readonly compileMsMax: number) {}

  /**
   * @param tenantId who waits for it.
   * @throws ArtifactError, WebAssembly.CompileError or Error with the reason.
   */
  compile(bytes: Uint8Array, tenantId: string): CompiledArtifact | Promise<CompiledArtifact> {
    if (bytes.length <= inlineBytesMax) return compileArtifact(openArtifact(bytes));
    return new Promise((resolve, reject) => {
      const done = (answer: CompileAnswer): void =>
        answer.ok ? resolve(answer.compiled) : reject(new Error(answer.message));
      this.waiting.push({ tenantId, bytes, done });
      this.beginNext();
    });
  }

  private beginNext(): void {
    for (const lane of this.lanes) {
      if (lane.order !== undefined) continue;
      const order = this.waiting.find(({ tenantId }) => this.lanes.every((one) => one.order?.tenantId !== tenantId));
      if (order === undefined) return;
      this.waiting = this.waiting.filter((one) => one !== order);
      this.begin(lane, order);
    }
  }

  private begin(lane: Lane, order: Order): void {
    lane.order = order;
    lane.thread ??= this.start(lane);
    lane.thread.postMessage(order.bytes, [order.bytes.buffer as ArrayBuffer]);
    lane.timer = setTimeout(() => {
      this.giveUp(lane, `it took longer than ${this.compileMsMax} ms to compile`);
    }, this.compileMsMax);
  }

  private start(lane: Lane): Worker {
    const thread = new Worker(new URL('./compile-thread.mjs', import.meta.url), {
      env: {},
      stdout: true,
      stderr: true,
    });
    thread.stdout.resume();
    thread.stderr.resume();
    thread.on('message', (answer: CompileAnswer) => {
      if (lane.thread === thread) this.settle(lane, answer);
    });
    thread.on('error', (error: Error) => {
      if (lane.thread === thread) this.giveUp(lane, error.message);
    });
    return thread;
  }

  private giveUp(lane: Lane, message: string): void {
    const { thread } = lane;
    lane.thread = undefined;
    void thread?.terminate();
    this.settle(lane, { ok: false, message });
  }

  private settle(lane: Lane, answer: CompileAnswer): void {
    clearTimeout(lane.timer);
    const { order } = lane;
    lane.order = undefined;
    order?.done(answer);
    this.beginNext();
  }
}
