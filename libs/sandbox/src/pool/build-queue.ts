import type { BuildResult } from '@tenon/contracts';
import { SandboxClosedError, SandboxOverloadedError } from '../errors.js';
import { BuildProcess } from '../process/build-process.js';
import { launchArguments } from '../process/launch-arguments.js';
import type { BuildRequestOptions } from '../protocol/build-messages.js';
import type { ResolvedPoolOptions } from './pool-options.js';

/** Uploads that may wait for their build, over all tenants and of one. */
const queueMax = 100;
const queueOfTenantMax = 20;
/** Builders without a build for this long are ended, because the component tools hold a lot of memory. */
const idleMs = 30_000;

interface WaitingBuild {
  begin(builder: Builder): Promise<void>;
  refuse(error: Error): void;
}

/** One place for a process that builds; the process is replaced when it is worn out. */
interface Builder {
  process: BuildProcess | undefined;
  /** The tenant whose upload it builds now. */
  tenant: string | symbol | undefined;
}

/**
 * Builds uploads, tenant by tenant in turn and one of a tenant at a time, so that slow uploads of one tenant leave a
 * builder to the others. An upload waits at most for one build of every tenant before it, each bounded by `buildMsMax`.
 */
export class BuildQueue {
  private readonly builders: readonly Builder[];
  /** Whoever's turn is next first. */
  private readonly waiting = new Map<string | symbol, WaitingBuild[]>();
  private waitingCount = 0;
  private idle: NodeJS.Timeout | undefined;
  private onIdle: (() => void) | undefined;
  private closed = false;

  constructor(private readonly options: ResolvedPoolOptions) {
    this.builders = Array.from({ length: options.buildProcesses }, () => ({ process: undefined, tenant: undefined }));
  }

  /**
   * @param tenantId whose upload it is; without it the upload takes its turn as if it were a tenant's only one.
   * @throws SandboxOverloadedError when too many uploads wait.
   */
  build(module: Uint8Array, options: BuildRequestOptions, tenantId?: string): Promise<BuildResult> {
    const tenant = tenantId ?? Symbol('an upload of nobody');
    const queue = this.waiting.get(tenant) ?? [];
    if (this.closed) return Promise.reject(new SandboxClosedError());
    if (this.waitingCount >= queueMax || queue.length >= queueOfTenantMax) {
      return Promise.reject(new SandboxOverloadedError(this.waitingCount));
    }
    clearTimeout(this.idle);
    return new Promise((resolve, reject) => {
      const begin = async (builder: Builder): Promise<void> =>
        resolve(await this.freshProcess(builder).build(module, options));
      queue.push({ begin, refuse: reject });
      this.waiting.set(tenant, queue);
      this.waitingCount += 1;
      this.beginNext();
    });
  }

  /** Lets the builds that run finish, at most `closeGraceMs`; those that wait are refused. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.idle);
    for (const queue of this.waiting.values()) for (const build of queue) build.refuse(new SandboxClosedError());
    this.waiting.clear();
    const giveUp = setTimeout(() => {
      for (const { process } of this.builders) process?.kill('the pool was closed');
    }, this.options.closeGraceMs);
    if (this.isBusy) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
    }
    await Promise.all(this.builders.map(({ process }) => process?.close()));
    clearTimeout(giveUp);
  }

  private get isBusy(): boolean {
    return this.builders.some(({ tenant }) => tenant !== undefined);
  }

  private beginNext(): void {
    for (const builder of this.builders) {
      if (builder.tenant !== undefined) continue;
      const next = this.nextTurn();
      if (next === undefined) return;
      void this.run(builder, next.tenant, next.build);
    }
  }

  /** The oldest upload of the tenant whose turn it is and that has none in the making. */
  private nextTurn(): { readonly tenant: string | symbol; readonly build: WaitingBuild } | undefined {
    for (const [tenant, queue] of this.waiting) {
      if (this.builders.some((builder) => builder.tenant === tenant)) continue;
      const build = queue.shift();
      this.waiting.delete(tenant);
      if (queue.length > 0) this.waiting.set(tenant, queue);
      if (build === undefined) continue;
      this.waitingCount -= 1;
      return { tenant, build };
    }
    return undefined;
  }

  private async run(builder: Builder, tenant: string | symbol, build: WaitingBuild): Promise<void> {
    builder.tenant = tenant;
    try {
      await build.begin(builder);
    } catch (error) {
      build.refuse(error instanceof Error ? error : new Error('the build could not begin'));
    }
    builder.tenant = undefined;
    if (!this.closed) this.beginNext();
    if (this.isBusy) return;
    this.onIdle?.();
    this.endWhenIdle();
  }

  private freshProcess(builder: Builder): BuildProcess {
    const { process: present } = builder;
    if (present !== undefined && !present.hasEnded && present.builds < this.options.buildsPerProcess) return present;
    if (present !== undefined) void present.close();
    const { sandboxPath, buildHeapMbMax, buildMsMax, uid, gid, logger } = this.options;
    const args = launchArguments({ role: 'build', bundlePath: sandboxPath, heapMbMax: buildHeapMbMax });
    const command = { file: globalThis.process.execPath, arguments: args, uid, gid };
    builder.process = new BuildProcess(command, buildMsMax, logger);
    return builder.process;
  }

  private endWhenIdle(): void {
    this.idle = setTimeout(() => {
      for (const builder of this.builders) {
        void builder.process?.close();
        builder.process = undefined;
      }
    }, idleMs);
    this.idle.unref();
  }
}
