import { isIP } from 'node:net';
import type { AllowedTargets } from './allowed-targets.js';
import { isPublicAddress } from './forbidden-addresses.js';

/** Why nothing is sent to a URL. */
export type TargetRefusalCode =
  | 'not_a_url'
  | 'scheme_not_allowed'
  | 'credentials_in_url'
  | 'port_not_allowed'
  | 'host_not_allowed'
  | 'address_not_allowed'
  | 'name_not_found';

/** Nothing was sent, because of where it would have gone. */
export class TargetRefusal extends Error {
  override readonly name = 'TargetRefusal';

  constructor(
    readonly code: TargetRefusalCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A URL that was checked as far as it can be without asking for the addresses of its host. */
export interface Target {
  readonly url: URL;
  /** Without the brackets of an IPv6 address and without the dot that may end a name. */
  readonly host: string;
  readonly port: number;
  /** The operator named this very host: it may have any address. */
  readonly isAllowedHost: boolean;
}

const urlCharactersMax = 2_048;
/** Ports that HTTPS is served on. Others lead to databases and mail servers, which read what they are sent. */
const publicPorts: ReadonlySet<number> = new Set([443, 8443]);
/** Names that never lead to the public internet. */
const localNames =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|localdomain|home\.arpa|onion|test|invalid)$/;

/**
 * Reads a URL as it will be asked: the parser of the WHATWG turns every way to write an IPv4 address (decimal, octal,
 * hexadecimal, short, in full-width digits) into four decimal numbers, so that there is one form to check.
 *
 * @throws TargetRefusal
 */
export function readTarget(text: string, allowed: AllowedTargets): Target {
  const url = text.length <= urlCharactersMax ? URL.parse(text) : null;
  if (url === null || /[\s\\]/.test(text)) throw new TargetRefusal('not_a_url', 'it is not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new TargetRefusal('scheme_not_allowed', 'only https is allowed');
  }
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/*[^/?#]*@/i.test(text)) {
    throw new TargetRefusal('credentials_in_url', 'a user or password in the URL is not allowed');
  }
  const host = hostIn(url);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const isAllowedHost = allowed.allowsHost(host, port);
  if (!isAllowedHost) assertPublic(url, host, port);
  return { url, host, port, isAllowedHost };
}

function hostIn(url: URL): string {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === '') throw new TargetRefusal('not_a_url', 'the URL has no host');
  return host.toLowerCase();
}

function assertPublic(url: URL, host: string, port: number): void {
  if (url.protocol !== 'https:') throw new TargetRefusal('scheme_not_allowed', 'only https is allowed');
  if (!publicPorts.has(port)) throw new TargetRefusal('port_not_allowed', `port ${port} is not allowed`);
  if (isIP(host) !== 0) {
    if (isPublicAddress(host)) return;
    throw new TargetRefusal('address_not_allowed', 'the address is not on the public internet');
  }
  if (!host.includes('.') || localNames.test(host)) {
    throw new TargetRefusal('host_not_allowed', 'the host is not on the public internet');
  }
}

/**
 * Checks what a resolver said about the host of `target`. One address that is not public refuses all of them: which of
 * them is taken would be a matter of luck.
 *
 * @throws TargetRefusal
 */
export function assertAddresses(target: Target, addresses: readonly string[], allowed: AllowedTargets): void {
  if (addresses.length === 0) throw new TargetRefusal('name_not_found', 'the host has no address');
  if (target.isAllowedHost) return;
  if (addresses.every((address) => isPublicAddress(address) || allowed.allowsAddress(address))) return;
  throw new TargetRefusal('address_not_allowed', 'the host has an address that is not on the public internet');
}
