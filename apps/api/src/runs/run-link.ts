import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Secret } from '@tenon/config';
import {
  FrameReader,
  frameBytes,
  type RunRequest,
  type RunResponse,
  runProtocol,
  runResponseSchema,
  workerRoutes,
} from '@tenon/contracts';

/** What a worker said: with a refusal, or with the body of the public answer. */
export interface RunReply {
  readonly head: RunResponse;
  readonly body: Uint8Array;
}

/** The worker did not answer: it could not be reached, went away, or took too long. */
export class LinkError extends Error {
  constructor(
    message: string,
    readonly timedOut: boolean,
  ) {
    super(message);
    this.name = 'LinkError';
  }
}

interface Question {
  readonly resolve: (reply: RunReply) => void;
  readonly reject: (error: LinkError) => void;
  readonly untilMs: number;
}

export interface LinkOptions {
  /** Of the internal endpoint. */
  readonly url: string;
  readonly token: Secret<string>;
}

const connectTimeoutMs = 2_000;
/** Questions of one connection without an answer: a worker refuses long before. */
const questionsMax = 4_096;
const numbersMax = 2 ** 32;
/** How often questions are looked for that took too long. Their time is a margin beyond the deadline. */
const sweepMs = 50;
/**
 * While questions come faster than this, they leave together: a write, and what it wakes at the other end and behind
 * that, costs as much as a few runs. At half of what two processors can do, three milliseconds instead of one save a
 * fifth of all CPU time; runs take as long as before in the middle, and the slowest take less. One that comes alone
 * leaves at once.
 */
const gatherMs = 3;

/** One connection to one worker, for any number of runs at once. It is opened when it is needed. */
export class RunLink {
  readonly url: string;
  private readonly questions = new Map<number, Question>();
  private socket: Promise<Duplex> | undefined;
  private opened: Duplex | undefined;
  private number = 0;
  private sweeping: NodeJS.Timeout | undefined;
  private frames: Uint8Array[] = [];
  private othersLoad = 0;
  private sentAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: LinkOptions) {
    this.url = options.url;
  }

  /** Runs in the worker's hands: ours by our own count, and those of others as the worker said last. */
  get load(): number {
    return this.questions.size + this.othersLoad;
  }

  /** Rejects with a {@link LinkError}. */
  ask(request: RunRequest, body: Uint8Array, timeoutMs: number): Promise<RunReply> {
    if (this.questions.size >= questionsMax) {
      return Promise.reject(new LinkError('too many runs wait for this worker', false));
    }
    if (this.opened === undefined) return this.connected().then(() => this.put(request, body, timeoutMs));
    return this.put(request, body, timeoutMs);
  }

  close(): void {
    clearInterval(this.sweeping);
    this.opened?.destroy();
  }

  private put(request: RunRequest, body: Uint8Array, timeoutMs: number): Promise<RunReply> {
    const number = this.nextNumber();
    const { promise, resolve, reject } = Promise.withResolvers<RunReply>();
    this.questions.set(number, { resolve, reject, untilMs: performance.now() + timeoutMs });
    this.sweeping ??= setInterval(() => this.sweep(), sweepMs);
    this.send(frameBytes(number, request, body));
    return promise;
  }

  private nextNumber(): number {
    this.number = (this.number + 1) % numbersMax;
    return this.number;
  }

  private send(frame: Uint8Array): void {
    this.frames.push(frame);
    if (this.frames.length > 1) return;
    // Nobody else is under way to share a write with.
    if (this.questions.size === 1) {
      this.flush();
      return;
    }
    const restMs = this.sentAtMs + gatherMs - performance.now();
    if (restMs > 0) setTimeout(() => this.flush(), restMs);
    // Behind all that is put in this turn of the loop.
    else setImmediate(() => this.flush());
  }

  private flush(): void {
    const { frames } = this;
    this.frames = [];
    if (frames.length === 0) return;
    this.sentAtMs = performance.now();
    this.opened?.write(frames.length === 1 ? frames[0] : Buffer.concat(frames));
  }

  private async connected(): Promise<void> {
    this.socket ??= connect(this.options).finally(() => {
      this.socket = undefined;
    });
    const socket = await this.socket;
    if (this.opened !== undefined) return;
    this.opened = socket;
    const reader = new FrameReader();
    socket.on('data', (piece: Uint8Array) => this.take(reader, piece, socket));
    socket.on('error', () => socket.destroy());
    socket.once('end', () => socket.destroy());
    socket.once('close', () => this.lost());
  }

  private take(reader: FrameReader, piece: Uint8Array, socket: Duplex): void {
    try {
      for (const { number, head, body } of reader.read(piece)) {
        const answer = runResponseSchema.parse(head);
        const question = this.settle(number);
        this.othersLoad = Math.max(0, answer.load - this.questions.size);
        question?.resolve({ head: answer, body });
      }
    } catch {
      socket.destroy();
    }
  }

  private settle(number: number): Question | undefined {
    const question = this.questions.get(number);
    if (question === undefined) return undefined;
    this.questions.delete(number);
    return question;
  }

  /** A timer per question would cost as much as sending it. */
  private sweep(): void {
    const nowMs = performance.now();
    for (const [number, { untilMs }] of this.questions) {
      if (untilMs <= nowMs) this.settle(number)?.reject(new LinkError('the worker took too long', true));
    }
    if (this.questions.size > 0) return;
    clearInterval(this.sweeping);
    this.sweeping = undefined;
  }

  private lost(): void {
    this.opened = undefined;
    this.othersLoad = 0;
    // Their questions are given up here and may be put to another worker: the next connection has none of them.
    this.frames = [];
    for (const number of [...this.questions.keys()]) {
      this.settle(number)?.reject(new LinkError('the worker went away', false));
    }
  }
}

function connect({ url, token }: LinkOptions): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const target = new URL(workerRoutes.runs, url);
  const start = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = { authorization: `Bearer ${token.reveal()}`, connection: 'upgrade', upgrade: runProtocol };
  const asked = start(target, { headers, agent: false, timeout: connectTimeoutMs });
  const fail = (message: string) => {
    asked.destroy();
    reject(new LinkError(message, false));
  };
  asked.once('upgrade', (_response, socket) => {
    socket.setTimeout(0);
    socket.setNoDelay(true);
    resolve(socket);
  });
  asked.once('response', ({ statusCode }) => fail(`the worker answered ${statusCode}`));
  asked.once('timeout', () => fail('the worker could not be reached in time'));
  asked.once('error', () => fail('the worker could not be reached'));
  asked.end();
  return promise;
}
