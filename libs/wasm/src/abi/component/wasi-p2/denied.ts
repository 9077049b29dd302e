import type { WasiInterface, WasiP2Host } from './wasi-p2-host.js';
import { WasiP2Error } from './wasi-p2-host.js';

/** Resources that no guest ever holds, because every function that would make one refuses. */
function emptyResources(...names: readonly string[]): WasiInterface {
  return Object.fromEntries(names.map((name) => [name, class {}]));
}

/** `wasi:filesystem`: the types are there, no directory is. */
export function filesystemInterfaces(): Readonly<Record<string, WasiInterface>> {
  return {
    'wasi:filesystem/preopens': { getDirectories: () => [] },
    'wasi:filesystem/types': {
      ...emptyResources('Descriptor', 'DirectoryEntryStream'),
      filesystemErrorCode: (): undefined => undefined,
    },
  };
}

/** `wasi:sockets`: every socket and every name answers `access-denied`, as an operating system would. */
export function socketInterfaces(): Readonly<Record<string, WasiInterface>> {
  const denied = (): never => {
    throw new WasiP2Error('access-denied');
  };
  class Network {}
  return {
    'wasi:sockets/network': { Network, networkErrorCode: (): undefined => undefined },
    'wasi:sockets/instance-network': { instanceNetwork: () => new Network() },
    'wasi:sockets/tcp': emptyResources('TcpSocket'),
    'wasi:sockets/tcp-create-socket': { createTcpSocket: denied },
    'wasi:sockets/udp': emptyResources('UdpSocket', 'IncomingDatagramStream', 'OutgoingDatagramStream'),
    'wasi:sockets/udp-create-socket': { createUdpSocket: denied },
    'wasi:sockets/ip-name-lookup': { ...emptyResources('ResolveAddressStream'), resolveAddresses: denied },
  };
}

const httpResources = [
  'Fields',
  'FutureIncomingResponse',
  'FutureTrailers',
  'IncomingBody',
  'IncomingRequest',
  'IncomingResponse',
  'OutgoingBody',
  'OutgoingRequest',
  'OutgoingResponse',
  'RequestOptions',
  'ResponseOutparam',
] as const;

/**
 * `wasi:http`: language runtimes import it whether or not the function uses it, so it links; making a request ends the
 * run as `capability_denied`.
 */
export function httpInterfaces(host: WasiP2Host): Readonly<Record<string, WasiInterface>> {
  const deny = (): never => host.end({ kind: 'capability_denied', what: 'outbound HTTP (wasi:http)' });
  const deniedResource = class {
    constructor() {
      deny();
    }
  };
  Object.defineProperty(deniedResource, 'fromList', { value: deny });
  return {
    'wasi:http/types': {
      ...Object.fromEntries(httpResources.map((name) => [name, class extends deniedResource {}])),
      httpErrorCode: (): undefined => undefined,
    },
    'wasi:http/outgoing-handler': { handle: deny },
  };
}
