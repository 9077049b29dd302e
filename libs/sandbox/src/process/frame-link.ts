import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ProtocolError } from '../errors.js';
import { type Frame, FrameDecoder } from '../protocol/frames.js';

/** How much of a sandbox's stderr is kept for our own log. */
const stderrBytesMax = 4_096;
/** So many pieces of stderr are reported while a process lives. */
const stderrReportsMax = 20;

export interface SandboxCommand {
  readonly file: string;
  readonly arguments: readonly string[];
  /** The user and group that the process runs as; only root may ask for another one. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

export interface LinkEnd {
  /** One clause: "killed: no answer for 2000 ms", "exited with code 70". */
  readonly reason: string;
  /** Absent when a signal or the host ended it. */
  readonly exitCode?: number;
  /** True when the host wanted it gone. */
  readonly expected: boolean;
  /** The last lines that V8 or Node wrote to stderr; guests have no way to write there. */
  readonly stderr: string;
}

export interface LinkHooks {
  /** @throws ProtocolError to have the process killed. */
  onFrame(frame: Frame): void;
  onEnd(end: LinkEnd): void;
  /** What V8, Node or our own code said; called a bounded number of times. */
  onStderr(text: string): void;
}

/** A child process that speaks frames. Whatever breaks the protocol gets it killed; `onEnd` is called exactly once. */
export class FrameLink {
  private readonly child: ChildProcess;
  private readonly stdin: Writable;
  private readonly decoder: FrameDecoder;
  private stderr = '';
  private stderrReports = 0;
  private killReason: string | undefined;
  private closing = false;
  private ended = false;
  private corked = false;

  constructor(
    command: SandboxCommand,
    bodyBytesMax: number,
    private readonly hooks: LinkHooks,
  ) {
    this.decoder = new FrameDecoder(bodyBytesMax);
    this.child = spawn(command.file, command.arguments, {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      ...(command.uid !== undefined && { uid: command.uid }),
      ...(command.gid !== undefined && { gid: command.gid }),
    });
    const { stdin, stdout, stderr } = this.child;
    if (stdin === null || stdout === null || stderr === null) throw new Error('the sandbox was started without pipes');
    this.stdin = stdin;
    this.listen(stdout, stderr);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Bytes that wait for the sandbox to read them. */
  get unsentBytes(): number {
    return this.stdin.writableLength;
  }

  /** All frames of one turn of the event loop leave in one write. */
  send(frame: Buffer): void {
    if (this.ended || this.closing) return;
    if (!this.corked) {
      this.corked = true;
      this.stdin.cork();
      process.nextTick(() => {
        this.corked = false;
        this.stdin.uncork();
      });
    }
    this.stdin.write(frame);
  }

  /** Lets the process end by itself: it does when its stdin ends. */
  close(): void {
    this.closing = true;
    this.stdin.end();
  }

  kill(reason: string): void {
    this.killReason ??= `killed: ${reason}`;
    this.child.kill('SIGKILL');
  }

  private listen(stdout: Readable, stderr: Readable): void {
    // Writing to a process that has died fails; its end is reported by `exit`.
    this.stdin.on('error', () => undefined);
    stdout.on('data', (chunk: Buffer) => this.receive(chunk));
    stderr.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1', 0, stderrBytesMax);
      this.stderr = (this.stderr + text).slice(-stderrBytesMax);
      this.stderrReports += 1;
      if (this.stderrReports <= stderrReportsMax) this.hooks.onStderr(text);
    });
    this.child.on('error', (error) => this.finish(`could not be started: ${error.message}`));
    // `close` comes after the last byte of stdout, so answers that were sent before the end still count.
    this.child.on('close', (code, signal) => {
      this.finish(signal === null ? `exited with code ${code}` : `ended by ${signal}`, code);
    });
  }

  private receive(chunk: Buffer): void {
    if (this.killReason !== undefined) return;
    try {
      this.decoder.push(chunk, (frame) => this.hooks.onFrame(frame));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.kill(`broke the protocol: ${error.message}`);
    }
  }

  private finish(reason: string, code: number | null = null): void {
    if (this.ended) return;
    this.ended = true;
    const expected = this.closing && this.killReason === undefined;
    const exitCode = code === null ? {} : { exitCode: code };
    this.hooks.onEnd({ reason: this.killReason ?? reason, ...exitCode, expected, stderr: this.stderr });
  }
}

/** "was killed: it took too long" and "exited with code 1" both continue the same sentence. */
export function clauseOf(end: LinkEnd): string {
  return end.reason.startsWith('killed') ? `was ${end.reason}` : end.reason;
}
