import { Worker } from 'node:worker_threads';
import { sandboxExitCodes } from '@tenon/sandbox';
import type { CompiledArtifact } from './engine.js';
import type { ThreadData, ToThread } from './thread-messages.js';
import type { WorkQueue } from './work-queue.js';

/**
 * Native stack of a guest thread. The deepest logical stack that a plan may allow (4 MB) took less than 24 MB of it in
 * every hostile guest tried; more would only make an overflow slower, because the engine runs down all of it.
 */
const stackMbMax = 32;
/**
 * Room for young objects, in megabytes; the engine makes three parts of it. An instance is old from birth to the engine
 * and, dead or not, keeps its run's young objects alive until old ones are collected, so collecting the young alone
 * copies all of them and frees nothing: with 4 that took a tenth of a run's CPU. With 36 a run costs another tenth less,
 * but a process takes 100 MB more and comes to rest late.
 */
const youngMbMax = 12;
/** A thread in an endless loop ends in 2 to 3 ms; one that has not ended by then never will. */
const terminateMsMax = 1_000;

/** Why a thread is gone: asked to, out of heap, or by a bug of ours. */
export type ThreadEnd = 'terminated' | 'out_of_memory' | 'crashed';

export interface ThreadHooks {
  /** Whatever the thread sent: nothing is known of its shape. */
  onMessage(thread: ThreadHandle, message: unknown): void;
  onEnd(thread: ThreadHandle, end: ThreadEnd): void;
}

/** The supervisor's end of a guest thread. */
export class ThreadHandle {
  /** The thread's number in its queue, once bound. */
  number = -1;
  /** Its place among the threads of the queue that sleep and are woken. */
  seat = 0;
  private readonly worker: Worker;
  private readonly mail = new Int32Array(new SharedArrayBuffer(4));
  private hooks: ThreadHooks | undefined;
  private end: ThreadEnd = 'crashed';
  private ended = false;

  constructor(heapMbMax: number) {
    this.worker = new Worker(new URL('./guest-thread.mjs', import.meta.url), {
      env: {},
      stdin: false,
      stdout: true,
      stderr: true,
      workerData: { mail: this.mail.buffer as SharedArrayBuffer } satisfies ThreadData,
      resourceLimits: {
        maxOldGenerationSizeMb: heapMbMax,
        maxYoungGenerationSizeMb: youngMbMax,
        stackSizeMb: stackMbMax,
      },
    });
    // Nothing may reach the frames on the process's own stdout, and nobody reads what a thread prints.
    this.worker.stdout.resume();
    this.worker.stderr.resume();
    this.worker.on('message', (message: unknown) => this.hooks?.onMessage(this, message));
    this.worker.on('error', (error: Error & { code?: string }) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') this.end = 'out_of_memory';
      else process.stderr.write(`guest thread failed: ${error.stack ?? error.message}\n`);
    });
    this.worker.on('exit', () => {
      this.ended = true;
      this.hooks?.onEnd(this, this.end);
    });
  }

  bind(queue: WorkQueue, number: number, seat: number, hooks: ThreadHooks): void {
    this.number = number;
    this.seat = seat;
    this.hooks = hooks;
    this.post({ kind: 'bind', queue: queue.shared, number, seat });
    // A spare may die before it is bound; then it can't say so any more.
    if (this.ended) queueMicrotask(() => hooks.onEnd(this, this.end));
  }

  give(artifact: number, compiled: CompiledArtifact): void {
    this.post({ kind: 'artifact', artifact, compiled });
    Atomics.add(this.mail, 0, 1);
    Atomics.notify(this.mail, 0);
  }

  drop(artifact: number): void {
    this.post({ kind: 'drop', artifact });
  }

  /** Ends the thread whatever it is doing; `onEnd` follows. A thread that can't be ended takes the process with it. */
  terminate(): void {
    this.end = 'terminated';
    const giveUp = setTimeout(() => process.exit(sandboxExitCodes.threadStuck), terminateMsMax);
    void this.worker.terminate().then(() => clearTimeout(giveUp));
  }

  private post(message: ToThread): void {
    this.worker.postMessage(message);
  }
}
