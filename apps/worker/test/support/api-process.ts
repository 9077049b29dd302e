import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { repositoryRoot, waitFor } from '@tenon/testing';
import type { Shop } from './shop.js';
import { internalToken } from './worker-in-process.js';
import { freePort } from './worker-process.js';

/** The api as a user runs it, beside the shop's worker. */
export class ApiProcess {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-20_000);
      });
    }
  }

  static async start(shop: Shop): Promise<ApiProcess> {
    const port = await freePort();
    const env = {
      DATABASE_URL: shop.testDatabase.url,
      REDIS_URL: shop.testRedis.url,
      TENON_REDIS_PREFIX: shop.queue.prefix,
      TENON_DATA_DIR: shop.storageFolder,
      TENON_SECRET_KEY: randomBytes(32).toString('hex'),
      TENON_INTERNAL_TOKEN: internalToken,
      TENON_HTTP_PORT: String(port),
      TENON_HTTP_HOST: '127.0.0.1',
    };
    const child = spawn(process.execPath, [path.join(repositoryRoot, 'apps/api/dist/main.js')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const api = new ApiProcess(child, `http://127.0.0.1:${port}`);
    try {
      await waitFor('the api to be ready', () => api.#isReady(), { timeoutMs: 20_000 });
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`the api did not start:\n${api.output}`, { cause: error });
    }
    return api;
  }

  /**
   * Sends JSON, or bytes as an upload.
   *
   * @throws Error with the answer where it is no success
   */
  async ask(key: string, method: string, route: string, body?: object): Promise<Record<string, unknown>> {
    const isModule = body instanceof Uint8Array;
    const response = await fetch(this.url + route, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body && { 'content-type': isModule ? 'application/wasm' : 'application/json' }),
      },
      ...(body && { body: isModule ? Buffer.from(body) : JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }

  async #isReady(): Promise<boolean> {
    if (this.child.exitCode !== null) throw new Error('it has exited');
    return (await fetch(`${this.url}/readyz`)).ok;
  }
}
