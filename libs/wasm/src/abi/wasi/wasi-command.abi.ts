import type { AbiAnswer, AbiVerdict, CoreAbi, CoreFace, CoreHost } from '../abi.js';
import { allowListRejection, exportRejection } from '../abi-rejection.js';
import type { HostMeter } from '../engine-port.js';
import type { RunState } from '../host/run-state.js';
import { wasiSignatures } from './signatures.js';
import { WasiHost } from './wasi-host.js';
import { wasiFunctions, wasiModuleName } from './wasi-imports.js';

const allowed = new Map(Object.entries(wasiSignatures).map(([name, type]) => [`${wasiModuleName}.${name}`, type]));

/** A command exports `_start`; importing WASI without it is a reactor or a library, which has nothing to call. */
function match(face: CoreFace): AbiVerdict {
  const start = face.exports.find(({ name }) => name === '_start');
  const claimed = start !== undefined || face.imports.some(({ module }) => module.startsWith('wasi_'));
  if (start === undefined) return { fits: false, claimed, rejection: missingStart(face) };
  const rejection =
    allowListRejection('WASI preview 1', face.imports, allowed) ??
    exportRejection(face, '_start', ':') ??
    memoryRejection(face);
  if (rejection !== undefined) return { fits: false, claimed, rejection };
  return {
    fits: true,
    reason: 'It exports the function _start and imports nothing but WASI preview 1.',
    entry: '_start',
  };
}

function missingStart(face: CoreFace) {
  const reactor = face.exports.some(({ name }) => name === '_initialize');
  return {
    code: 'missing_export',
    message: reactor
      ? 'The module is a WASI reactor (it exports _initialize but not _start); build it as a command.'
      : 'The module exports no function _start, which a WASI command must have.',
    ...(reactor ? { found: '_initialize (function)' } : {}),
    allowed: '_start (function without parameters and results)',
  };
}

function memoryRejection(face: CoreFace) {
  const memory = face.exports.find(({ name, kind }) => name === 'memory' && kind === 'memory');
  if (memory === undefined) {
    return {
      code: 'missing_export',
      message: 'The module exports no memory named "memory", through which WASI preview 1 passes everything.',
      allowed: 'memory (memory)',
    };
  }
  if (memory.memory64 !== true) return undefined;
  return {
    code: 'export_type_mismatch',
    message: 'The module exports a 64-bit memory, but every pointer of WASI preview 1 has 32 bits.',
    found: 'memory (64-bit memory)',
    allowed: 'memory (32-bit memory)',
  };
}

class WasiCommandHost implements CoreHost {
  readonly #host = new WasiHost(true);
  readonly functions = { [wasiModuleName]: wasiFunctions(this.#host) };

  begin(state: RunState): void {
    this.#host.begin(state);
  }

  attach(instance: WebAssembly.Instance, meter: HostMeter): void {
    const memory = instance.exports.memory;
    this.#host.attach(memory instanceof WebAssembly.Memory ? memory : undefined, meter);
  }

  call(instance: WebAssembly.Instance, entry: string): AbiAnswer {
    const start = instance.exports[entry];
    if (typeof start !== 'function') throw new Error(`the module lost its export ${entry}`);
    start();
    return { kind: 'output' };
  }
}

/** WASI preview 1 commands: JSON on standard input, JSON on standard output, the log on standard error. */
export const wasiCommandAbi: CoreAbi = {
  name: 'wasi-command',
  match,
  createHost: () => new WasiCommandHost(),
};
