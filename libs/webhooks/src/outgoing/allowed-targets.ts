import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

const hostPattern = /^(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/;

interface AllowedHost {
  readonly host: string;
  /** Any, where there is none. */
  readonly port: number | undefined;
}

/**
 * Targets that an operator has named although they are not public: `hooks.internal`, `hooks.internal:8080`,
 * `10.1.2.3`, `10.1.2.0/24`, `fd00::/8`. For them plain http and any port are allowed as well.
 */
export class AllowedTargets {
  readonly #hosts: readonly AllowedHost[];
  readonly #networks = new BlockList();

  /** @throws RangeError that names the entry which is none. */
  constructor(entries: readonly string[] = []) {
    const hosts: AllowedHost[] = [];
    for (const entry of entries) {
      const host = this.#addNetwork(entry) ? undefined : hostOf(entry);
      if (host !== undefined) hosts.push(host);
    }
    this.#hosts = hosts;
  }

  /** Whether the operator named this host, by its name or as the address that it is. */
  allowsHost(host: string, port: number): boolean {
    if (isIP(host) !== 0) return this.allowsAddress(host);
    return this.#hosts.some(
      (allowed) => allowed.host === host && (allowed.port === undefined || allowed.port === port),
    );
  }

  /** Whether the operator named a network that holds this address. */
  allowsAddress(address: string): boolean {
    if (isIPv4(address)) return this.#networks.check(address, 'ipv4');
    return isIPv6(address) && this.#networks.check(address, 'ipv6');
  }

  #addNetwork(entry: string): boolean {
    const [address = '', prefixText, ...more] = entry.split('/');
    const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
    if (family === undefined) return false;
    const bits = family === 'ipv4' ? 32 : 128;
    const prefix = prefixText === undefined ? bits : Number(prefixText);
    const isPrefix = /^\d{1,3}$/.test(prefixText ?? '0') && prefix <= bits && more.length === 0;
    if (!isPrefix) throw new RangeError(`"${entry}" is no network`);
    this.#networks.addSubnet(address, prefix, family);
    return true;
  }
}

function hostOf(entry: string): AllowedHost {
  const [host = '', portText, ...more] = entry.toLowerCase().split(':');
  const port = portText === undefined ? undefined : Number(portText);
  const isPort = port === undefined || (/^\d{1,5}$/.test(portText ?? '') && port >= 1 && port <= 65_535);
  if (!hostPattern.test(host) || !isPort || more.length > 0) throw new RangeError(`"${entry}" is no host or network`);
  return { host, port };
}
