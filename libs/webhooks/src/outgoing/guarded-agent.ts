import { lookup as systemLookup } from 'node:dns/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { AllowedTargets } from './allowed-targets.js';
import { assertAddresses, type Target } from './target.js';

/** The addresses of a host, as a resolver writes them. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** As every other program on this machine resolves names, its hosts file included. */
export const resolveBySystem: ResolveHost = async (host) =>
  (await systemLookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);

const socketsPerHostMax = 16;
/** A connection that nobody uses is closed soon: the next one asks for the address anew. */
const idleMs = 10_000;

/** Agents that connect only to addresses which were checked, each connection to the very address that was. */
export interface GuardedAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/**
 * Resolves, checks and connects in one step: the name is looked up once per connection, and the connection goes to the
 * address that was checked, so a name that answers differently the next time (DNS rebinding) gains nothing.
 */
export function lookupFor(target: Target, resolve: ResolveHost, allowed: AllowedTargets): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (addresses) => {
        try {
          assertAddresses(target, addresses, allowed);
        } catch (error) {
          callback(error as NodeJS.ErrnoException, '', 0);
          return;
        }
        // IPv4 first: a machine without IPv6 still reaches a host that has both.
        const found = addresses.map((address) => ({ address, family: isIP(address) })).sort(byFamily);
        const [first] = found;
        if (options.all === true) callback(null, found);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

const byFamily = (a: { readonly family: number }, b: { readonly family: number }) => a.family - b.family;

/**
 * The last look, at what the connection really leads to, before a byte is sent over it.
 *
 * @throws TargetRefusal
 */
export function assertConnected(target: Target, socket: Socket, allowed: AllowedTargets): void {
  assertAddresses(target, socket.remoteAddress === undefined ? [] : [socket.remoteAddress], allowed);
}

/** Agents for one origin: sockets of one target must never serve another. */
export function createAgents(): GuardedAgents {
  const options = {
    keepAlive: true,
    maxSockets: socketsPerHostMax,
    maxFreeSockets: 4,
    timeout: idleMs,
    // One address at a time: what is connected to is what was checked, and what is recorded.
    autoSelectFamily: false,
  } as const;
  return { http: new HttpAgent(options), https: new HttpsAgent({ ...options, rejectUnauthorized: true }) };
}
