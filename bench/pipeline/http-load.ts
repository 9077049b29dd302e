import { connect, type Socket } from 'node:net';

/**
 * A small HTTP/1.1 client for load: keep-alive connections, one request at a time on each. The client shares the
 * machine with what it measures, so it does as little as it can.
 */
export class LoadConnection {
  private readonly socket: Socket;
  private received = '';
  private resolve: ((status: LoadAnswer) => void) | undefined;
  private reject: ((error: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.take(text));
    socket.on('error', (error) => this.reject?.(error));
    socket.on('close', () => this.reject?.(closed()));
  }

  static async open(url: string): Promise<LoadConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new LoadConnection(socket);
  }

  /** `request` is the whole message as text; its body is ASCII. */
  send(request: string): Promise<LoadAnswer> {
    // A connection that ended while it was idle tells nobody any more.
    if (this.socket.destroyed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.socket.write(request, 'latin1');
    });
  }

  /** False once the server has closed it, which it does to a connection that says nothing for too long. */
  get isOpen(): boolean {
    return !this.socket.destroyed && this.socket.writable;
  }

  close(): void {
    this.reject = undefined;
    this.socket.destroy();
  }

  private take(text: string): void {
    this.received += text;
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.received.slice(0, headEnd);
    const bytes = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const end = headEnd + 4 + bytes;
    if (this.received.length < end) return;
    const answer = { status: Number(head.slice(9, 12)), body: this.received.slice(headEnd + 4, end) };
    this.received = this.received.slice(end);
    this.resolve?.(answer);
  }
}

function closed(): Error {
  return new Error('the server closed the connection');
}

export interface LoadAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request for {@link LoadConnection.send}. */
export function requestText(path: string, key: string, contentType: string, body: string): string {
  return (
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\n` +
    `content-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  );
}
