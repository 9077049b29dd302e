import { setPriority } from 'node:os';
import type { BuildResult } from '@tenon/contracts';
import { ProtocolError } from '../errors.js';
import type { SandboxLogger } from '../pool/pool-options.js';
import { type BuildRequestOptions, encodeBuildBody } from '../protocol/build-messages.js';
import { decodeBuilt } from '../protocol/built-decoder.js';
import { encodeFrame, type Frame, frameBodyBytesMax, frameKinds } from '../protocol/frames.js';
import { clauseOf, FrameLink, type LinkEnd, type SandboxCommand } from './frame-link.js';

interface RunningBuild {
  readonly settle: (result: BuildResult) => void;
  readonly timer: NodeJS.Timeout;
}

/** Nobody waits at a checkout for a build; threads that the process starts later inherit this. */
const buildNiceness = 10;

function yieldToExecutions(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, buildNiceness);
  } catch {
    // It has ended already; that is reported in its own way.
  }
}

/** The host's end of a process that builds one upload at a time and is killed when one takes too long. */
export class BuildProcess {
  builds = 0;
  hasEnded = false;
  private readonly link: FrameLink;
  private running: RunningBuild | undefined;
  private readonly whenEnded: Promise<void>;
  private end: () => void = () => undefined;

  constructor(
    command: SandboxCommand,
    private readonly buildMsMax: number,
    logger: SandboxLogger,
  ) {
    this.whenEnded = new Promise((resolve) => {
      this.end = resolve;
    });
    this.link = new FrameLink(command, frameBodyBytesMax, {
      onFrame: (frame) => this.receive(frame),
      onEnd: (end) => this.finish(end),
      onStderr: (text) => logger.warn({ stderr: text }, 'a sandbox process that builds wrote to stderr'),
    });
    yieldToExecutions(this.link.pid);
  }

  /** One at a time: the caller waits for the result before it asks for the next. */
  build(module: Uint8Array, options: BuildRequestOptions): Promise<BuildResult> {
    this.builds += 1;
    return new Promise((settle) => {
      const timer = setTimeout(
        () => this.link.kill(`the build took longer than ${this.buildMsMax} ms`),
        this.buildMsMax,
      );
      this.running = { settle, timer };
      this.link.send(encodeFrame(frameKinds.build, this.builds, encodeBuildBody(module, options)));
    });
  }

  kill(reason: string): void {
    this.link.kill(reason);
  }

  close(): Promise<void> {
    this.link.close();
    return this.whenEnded;
  }

  private receive(frame: Frame): void {
    if (frame.kind !== frameKinds.built || frame.id !== this.builds || this.running === undefined) {
      throw new ProtocolError('an answer that no build asked for');
    }
    this.settle(decodeBuilt(frame.body));
  }

  private settle(result: BuildResult): void {
    const { running } = this;
    this.running = undefined;
    clearTimeout(running?.timer);
    running?.settle(result);
  }

  private finish(end: LinkEnd): void {
    this.hasEnded = true;
    this.settle({ status: 'failed', message: `The sandbox process that built the upload ${clauseOf(end)}.` });
    this.end();
  }
}
