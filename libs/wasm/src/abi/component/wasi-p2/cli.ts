import { guestEnvironment } from '../../host/guest-environment.js';
import { InputStream, OutputStream } from './io.js';
import type { WasiInterface, WasiP2Host } from './wasi-p2-host.js';

/** Never made: no stream here is a terminal. */
class TerminalInput {}
class TerminalOutput {}

/** `wasi:cli`: one argument, the settings as the environment, streams, exit. */
export function cliInterfaces(host: WasiP2Host): Readonly<Record<string, WasiInterface>> {
  const noTerminal = (): undefined => undefined;
  return {
    'wasi:cli/environment': {
      getEnvironment: () => {
        const entries = guestEnvironment(host.state);
        // Every byte is copied into the guest.
        for (const [name, value] of entries) host.charge(name.length + Buffer.byteLength(value));
        return entries;
      },
      getArguments: () => ['function'],
      initialCwd: (): undefined => undefined,
    },
    'wasi:cli/exit': {
      exit: (status: { readonly tag: 'ok' | 'err' }) => host.end({ kind: 'exit', code: status.tag === 'ok' ? 0 : 1 }),
      exitWithCode: (code: number) => host.end({ kind: 'exit', code: code & 0xff }),
    },
    'wasi:cli/stdin': { getStdin: () => new InputStream(host) },
    'wasi:cli/stdout': { getStdout: () => new OutputStream(host, true) },
    'wasi:cli/stderr': { getStderr: () => new OutputStream(host, false) },
    'wasi:cli/terminal-input': { TerminalInput },
    'wasi:cli/terminal-output': { TerminalOutput },
    'wasi:cli/terminal-stdin': { getTerminalStdin: noTerminal },
    'wasi:cli/terminal-stdout': { getTerminalStdout: noTerminal },
    'wasi:cli/terminal-stderr': { getTerminalStderr: noTerminal },
  };
}
