import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  FrameReader,
  frameBytes,
  ProblemError,
  type RunFrame,
  type RunResponse,
  runProtocol,
  runRequestSchema,
  workerRoutes,
} from '@tenon/contracts';
import type { Logger } from '@tenon/telemetry';
import { RunRefusal, type SyncRunService } from '../sync-runs/sync-run.service.js';
import { bearerMatches } from './bearer.js';

/** Questions of one connection that wait for their answer; an api that has more is not read until some are answered. */
const questionsMax = 4_096;

export interface RunChannelOptions {
  readonly token: string;
  readonly runs: Pick<SyncRunService, 'run' | 'load'>;
  readonly logger: Logger;
}

/** Takes over connections on which an api asks for runs. Who does not know the token gets no further than that. */
export function acceptRunChannel(options: RunChannelOptions): (request: IncomingMessage, socket: Duplex) => void {
  return (request, socket) => {
    socket.on('error', () => socket.destroy());
    const { authorization, upgrade } = request.headers;
    if (!bearerMatches(authorization, options.token)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    if (request.url !== workerRoutes.runs || upgrade !== runProtocol) {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${runProtocol}\r\n\r\n`);
    new RunChannel(socket, options).open();
  };
}

class RunChannel {
  private readonly reader = new FrameReader();
  private questions = 0;
  private answers: Uint8Array[] = [];

  constructor(
    private readonly socket: Duplex,
    private readonly options: RunChannelOptions,
  ) {}

  open(): void {
    this.socket.on('data', (piece: Uint8Array) => this.take(piece));
  }

  private take(piece: Uint8Array): void {
    try {
      for (const frame of this.reader.read(piece)) void this.answer(frame);
    } catch (error) {
      this.options.logger.warn({ err: error }, 'an api sent what is no frame');
      this.socket.destroy();
    }
  }

  private async answer(frame: RunFrame): Promise<void> {
    this.questions += 1;
    if (this.questions >= questionsMax) this.socket.pause();
    const { head, body } = await this.run(frame);
    this.questions -= 1;
    if (this.socket.isPaused()) this.socket.resume();
    this.send(frame.number, head, body);
  }

  private async run({ head, body }: RunFrame): Promise<{ head: RunResponse; body: string }> {
    const { runs, logger } = this.options;
    try {
      const wanted = runRequestSchema.safeParse(head);
      if (!wanted.success) throw new RunRefusal(new ProblemError('internal', 'the head is not a run'), false);
      const { body: answer, timing } = await runs.run(wanted.data, body);
      return { head: { load: runs.load, timing }, body: answer };
    } catch (error) {
      return { head: { load: runs.load, ...refusalOf(error, logger) }, body: '' };
    }
  }

  /** Answers that are ready in the same turn of the loop go out in one write; the last one there is waits for nobody. */
  private send(number: number, head: RunResponse, body: string): void {
    this.answers.push(frameBytes(number, head, Buffer.from(body)));
    if (this.answers.length > 1) return;
    if (this.questions === 0) this.flush();
    else setImmediate(() => this.flush());
  }

  private flush(): void {
    const [answers, isOpen] = [this.answers, this.socket.writable];
    this.answers = [];
    if (isOpen) this.socket.write(answers.length === 1 ? answers[0] : Buffer.concat(answers));
  }
}

function refusalOf(error: unknown, logger: Logger): Pick<RunResponse, 'refusal' | 'timing'> {
  if (error instanceof RunRefusal) {
    const { code, detail, errors } = error.problem;
    return {
      refusal: { code, detail, errors: [...errors], begun: error.begun },
      ...(error.timing && { timing: error.timing }),
    };
  }
  logger.error({ err: error }, 'a run failed on our side');
  return { refusal: { code: 'internal', detail: 'The run failed on our side.', errors: [], begun: true } };
}
