import { type Problem, problemSchema } from '@tenon/contracts';
import type { z } from 'zod';

const timeoutMs = 30_000;

/** The api refused, with its problem document. */
export class ApiRefusal extends Error {
  constructor(
    readonly call: string,
    readonly status: number,
    readonly problem: Problem | undefined,
  ) {
    super(`${call} was answered with ${status}: ${problem?.detail ?? problem?.title ?? 'no explanation'}`);
    this.name = 'ApiRefusal';
  }
}

interface CallOptions {
  readonly key: string;
  readonly json?: unknown;
  /** A module, sent as application/wasm. */
  readonly wasm?: Uint8Array<ArrayBuffer>;
}

function bodyOf({ json, wasm }: CallOptions): {
  body?: string | Uint8Array<ArrayBuffer>;
  headers: Record<string, string>;
} {
  if (wasm !== undefined) return { body: wasm, headers: { 'content-type': 'application/wasm' } };
  if (json !== undefined) return { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
  return { headers: {} };
}

/** The public API, as any other program would call it. */
export class ApiClient {
  constructor(
    readonly url: string,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws ApiRefusal for anything but a 2xx answer. */
  async call<Schema extends z.ZodType>(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    answer: Schema,
    options: CallOptions,
  ): Promise<z.output<Schema>> {
    const { body, headers } = bodyOf(options);
    const response = await fetch(this.url + path, {
      method,
      headers: { ...headers, authorization: `Bearer ${options.key}` },
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(timeoutMs)]),
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (response.ok) return answer.parse(JSON.parse(text));
    throw new ApiRefusal(`${method} ${path}`, response.status, parseProblem(text));
  }

  /** Undefined where the answer is one of `statuses`, such as "there is none" or "this key opens nothing". */
  async get<Schema extends z.ZodType>(
    path: string,
    answer: Schema,
    key: string,
    statuses: readonly number[] = [404],
  ): Promise<z.output<Schema> | undefined> {
    try {
      return await this.call('GET', path, answer, { key });
    } catch (error) {
      if (error instanceof ApiRefusal && statuses.includes(error.status)) return undefined;
      throw error;
    }
  }
}

function parseProblem(text: string): Problem | undefined {
  try {
    return problemSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
