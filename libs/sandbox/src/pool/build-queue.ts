import type { BuildResult } from '@tenon/contracts';
import { SandboxClosedError, SandboxOverloadedError } from '../errors.js';
import { BuildProcess } from '../process/build-process.js';
import { launchArguments } from '../process/launch-arguments.js';
import type { BuildRequestOptions } from '../protocol/build-messages.js';
import type { ResolvedPoolOptions } from './pool-options.js';

/** Uploads that may wait for their build. */
const queueMax = 100;
/** A process without a build for this long is ended, because the component tools hold a lot of memory. */
const idleMs = 30_000;

/** Builds one upload after another in a process that is replaced when it is worn out. */
export class BuildQueue {
  private process: BuildProcess | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private idle: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: ResolvedPoolOptions) {}

  /** @throws SandboxOverloadedError when too many uploads wait. */
  async build(module: Uint8Array, options: BuildRequestOptions): Promise<BuildResult> {
    if (this.closed) throw new SandboxClosedError();
    if (this.waiting >= queueMax) throw new SandboxOverloadedError(queueMax);
    this.waiting += 1;
    clearTimeout(this.idle);
    const turn = this.last.then(() => this.run(module, options));
    this.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.waiting -= 1;
      if (this.waiting === 0) this.endWhenIdle();
    }
  }

  /** Lets the build that runs finish, at most `closeGraceMs`; those that wait are refused. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.idle);
    const giveUp = setTimeout(() => this.process?.kill('the pool was closed'), this.options.closeGraceMs);
    await this.last;
    await this.process?.close();
    clearTimeout(giveUp);
  }

  private async run(module: Uint8Array, options: BuildRequestOptions): Promise<BuildResult> {
    if (this.closed) throw new SandboxClosedError();
    const process = this.freshProcess();
    return process.build(module, options);
  }

  private freshProcess(): BuildProcess {
    const { process: present } = this;
    if (present !== undefined && !present.hasEnded && present.builds < this.options.buildsPerProcess) return present;
    if (present !== undefined) void present.close();
    const { sandboxPath, buildHeapMbMax, buildMsMax, uid, gid, logger } = this.options;
    const args = launchArguments({ role: 'build', bundlePath: sandboxPath, heapMbMax: buildHeapMbMax });
    const fresh = new BuildProcess(
      { file: globalThis.process.execPath, arguments: args, uid, gid },
      buildMsMax,
      logger,
    );
    this.process = fresh;
    return fresh;
  }

  private endWhenIdle(): void {
    this.idle = setTimeout(() => {
      void this.process?.close();
      this.process = undefined;
    }, idleMs);
    this.idle.unref();
  }
}
