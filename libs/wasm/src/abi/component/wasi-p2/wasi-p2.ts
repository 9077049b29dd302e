import { cliInterfaces } from './cli.js';
import { clockInterfaces, randomInterfaces } from './clocks-random.js';
import { filesystemInterfaces, httpInterfaces, socketInterfaces } from './denied.js';
import { ioInterfaces } from './io.js';
import { type WasiInterface, WasiP2Host } from './wasi-p2-host.js';

/** Every interface of WASI 0.2 that a component may import. It is the allow-list: what is not here is refused. */
export function wasiP2Interfaces(host: WasiP2Host): Readonly<Record<string, WasiInterface>> {
  return {
    ...cliInterfaces(host),
    ...clockInterfaces(host),
    ...filesystemInterfaces(),
    ...httpInterfaces(host),
    ...ioInterfaces(),
    ...randomInterfaces(host),
    ...socketInterfaces(),
  };
}

/** Their names, without versions. */
export const wasiP2Names: readonly string[] = Object.keys(
  wasiP2Interfaces(
    new WasiP2Host(() => {
      throw new Error('this host serves no run');
    }),
  ),
).sort();
