import { cliInterfaces } from './cli.js';
import { clockInterfaces, randomInterfaces } from './clocks-random.js';
import { filesystemInterfaces, httpInterfaces, socketInterfaces } from './denied.js';
import { ioInterfaces } from './io.js';
import { honest } from './resource.js';
import { type WasiInterface, WasiP2Host } from './wasi-p2-host.js';

/** Every interface of WASI 0.2 that a component may import. It is the allow-list: what is not here is refused. */
export function wasiP2Interfaces(host: WasiP2Host): Readonly<Record<string, WasiInterface>> {
  const interfaces = allInterfaces(host);
  return Object.fromEntries(Object.entries(interfaces).map(([name, members]) => [name, charged(host, members)]));
}

/** Arrow functions are host functions and are charged here; classes are resources, whose methods charge themselves. */
function charged(host: WasiP2Host, members: WasiInterface): WasiInterface {
  const entries = Object.entries(members).map(([name, member]) => {
    if (typeof member !== 'function' || Object.hasOwn(member, 'prototype')) return [name, member];
    const call = honest((...values) => {
      host.chargeCall();
      return Reflect.apply(member, undefined, values);
    });
    return [name, call];
  });
  return Object.fromEntries(entries);
}

function allInterfaces(host: WasiP2Host): Readonly<Record<string, WasiInterface>> {
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
