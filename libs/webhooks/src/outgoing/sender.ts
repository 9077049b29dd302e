import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AllowedTargets } from './allowed-targets.js';
import { fewLookups } from './few-lookups.js';
import { assertConnected, createAgents, type GuardedAgents, lookupFor, type ResolveHost } from './guarded-agent.js';
import { readTarget, type Target, TargetRefusal } from './target.js';

/** What is kept of an answer; the rest is not read. */
export const answerBytesKept = 1_000;
const originsMax = 500;
/** Half of the threads that Node resolves names and reads files in. */
const lookupsMax = 2;

export interface SenderOptions {
  readonly allowed: AllowedTargets;
  readonly resolve: ResolveHost;
  /** From the name to the end of the answer. */
  readonly timeoutMs: number;
  /** Certificates to trust instead of the usual ones, in PEM: for endpoints with an authority of their own. */
  readonly ca?: string | undefined;
}

/** What an endpoint answered. Redirects are answers like any other: they are not followed. */
export interface SendResult {
  readonly statusCode: number | null;
  /** The beginning of the body, at most 1,000 bytes of it. */
  readonly body: string;
  readonly retryAfter: string | undefined;
  /** The address that was connected to. */
  readonly address: string | null;
  /** Why there was no answer: a code, never what a stranger's error says. */
  readonly error: string | null;
}

/** Posts messages to endpoints that somebody else chose, and to nothing but the public internet and named targets. */
export class WebhookSender {
  readonly #agents = new Map<string, GuardedAgents>();

  readonly #resolve: ResolveHost;

  constructor(private readonly options: SenderOptions) {
    this.#resolve = fewLookups(options.resolve, lookupsMax);
  }

  /** Never throws: what goes wrong is a result. */
  async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<SendResult> {
    try {
      const target = readTarget(url, this.options.allowed);
      return await this.#post(target, headers, Buffer.from(body));
    } catch (error) {
      return failedWith(error, null);
    }
  }

  /** Closes what is idle and what is not. */
  close(): void {
    for (const { http, https } of this.#agents.values()) {
      http.destroy();
      https.destroy();
    }
    this.#agents.clear();
  }

  #post(target: Target, headers: Readonly<Record<string, string>>, body: Buffer): Promise<SendResult> {
    const { allowed, timeoutMs, ca } = this.options;
    const agents = this.#agentsFor(target.url.origin);
    const isSecure = target.url.protocol === 'https:';
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-length': String(body.length) },
      agent: isSecure ? agents.https : agents.http,
      lookup: lookupFor(target, this.#resolve, allowed),
      signal: AbortSignal.timeout(timeoutMs),
    };
    const { promise, resolve: settle } = Promise.withResolvers<SendResult>();
    const request = isSecure
      ? httpsRequest(target.url, ca === undefined ? options : { ...options, ca })
      : httpRequest(target.url, options);
    let address: string | null = null;
    const fail = (error: unknown) => settle(failedWith(error, address));
    request.on('socket', (socket) => {
      const send = () => {
        try {
          assertConnected(target, socket, allowed);
          address = socket.remoteAddress ?? null;
          request.end(body);
        } catch (error) {
          request.destroy(error instanceof Error ? error : new Error(String(error)));
        }
      };
      // Not a byte before the connection was looked at; a kept connection is there already.
      if (socket.connecting) socket.once('connect', send);
      else send();
    });
    // Nobody asked for another protocol: the offer is an answer like any other, and the connection ends with it.
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      settle(resultOf(response, '', address));
    });
    let hasAnswered = false;
    request.on('response', (response) => {
      hasAnswered = true;
      // From here on the status is the answer, whatever becomes of the rest.
      request.removeListener('error', fail).on('error', () => undefined);
      readBeginning(response).then((text) => settle(resultOf(response, text, address)), fail);
    });
    request.on('error', fail);
    // However a connection ends, the attempt ends with it: nothing may wait for an answer that can't come any more.
    request.on('close', () => {
      if (!hasAnswered) fail(new Error('the connection was closed before an answer'));
    });
    return promise;
  }

  #closeOldest(): void {
    const [oldest] = this.#agents;
    if (oldest === undefined) return;
    const [origin, { http, https }] = oldest;
    http.destroy();
    https.destroy();
    this.#agents.delete(origin);
  }

  #agentsFor(origin: string): GuardedAgents {
    const known = this.#agents.get(origin);
    if (known !== undefined) return known;
    if (this.#agents.size >= originsMax) this.#closeOldest();
    const agents = createAgents();
    this.#agents.set(origin, agents);
    return agents;
  }
}

/** The rest is thrown away with the connection: an endpoint can't keep us reading. */
async function readBeginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > answerBytesKept) break;
    }
  } catch {
    // The status is the answer; a body that is cut or never ends changes nothing about it.
  }
  return Buffer.concat(chunks).subarray(0, answerBytesKept).toString('utf8');
}

function resultOf(response: IncomingMessage, body: string, address: string | null): SendResult {
  const retryAfter = response.headers['retry-after'];
  return { statusCode: response.statusCode ?? null, body, retryAfter, address, error: null };
}

/** An attempt without an answer; the address says where it was waited for, if there was a connection at all. */
function failedWith(error: unknown, address: string | null): SendResult {
  return { statusCode: null, body: '', retryAfter: undefined, address, error: errorCode(error) };
}

/** Codes of Node and of TLS, and our own refusals; anything else is just a failure. */
function errorCode(error: unknown): string {
  if (error instanceof TargetRefusal) return error.code;
  const { name, code } = error as { name?: unknown; code?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout';
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code.toLowerCase() : 'failed';
}
