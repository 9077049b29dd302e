import { createServer, isIPv6 } from 'node:net';
import { freePort } from '@tenon/devstack';
import { StartError } from './supervisor.errors.js';

const preferredPort = 8080;

export interface ApiAddress {
  readonly host: string;
  readonly port: number;
  /** How programs on this machine reach it. */
  readonly url: string;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

async function choosePort(host: string, asked: string): Promise<number> {
  if (asked === '') return (await isFree(host, preferredPort)) ? preferredPort : freePort();
  const port = /^\d{1,5}$/.test(asked) ? Number(asked) : Number.NaN;
  if (!(port <= 65_535)) throw new StartError(`TENON_HTTP_PORT is not a port: ${asked}`);
  if (port === 0) return freePort();
  if (await isFree(host, port)) return port;
  throw new StartError(`Port ${port} of ${host} (TENON_HTTP_PORT) is taken by another program.`);
}

/** An address that stands for all of a machine's is no address to call. */
function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/**
 * What TENON_HTTP_HOST and TENON_HTTP_PORT ask for; without them port 8080 of 127.0.0.1, or any where that is taken.
 * @throws StartError when the port that was asked for is taken or none.
 */
export async function chooseAddress(environment: NodeJS.ProcessEnv = process.env): Promise<ApiAddress> {
  const host = environment.TENON_HTTP_HOST || '127.0.0.1';
  const port = await choosePort(host, environment.TENON_HTTP_PORT ?? '');
  return { host, port, url: urlOf(host, port) };
}
