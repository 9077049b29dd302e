import type { BuildRejection } from '@tenon/contracts';
import type { AbiVerdict, CoreAbi, CoreFace } from './abi.js';
import { extismAbi } from './extism/extism.abi.js';
import { wasiCommandAbi } from './wasi/wasi-command.abi.js';

/** Every ABI that a core module may speak. Extism comes first: its plug-ins import WASI too, commands never Extism. */
export const coreAbis: readonly CoreAbi[] = [extismAbi, wasiCommandAbi];

export type CoreAbiChoice =
  | { readonly abi: CoreAbi; readonly verdict: Extract<AbiVerdict, { fits: true }> }
  | { readonly rejection: BuildRejection };

/**
 * The one ABI that a module's imports and exports speak. A module that fits none is refused with the mistakes in the
 * ABI it clearly meant, or with what every ABI would have wanted.
 */
export function chooseCoreAbi(face: CoreFace): CoreAbiChoice {
  const rejections: BuildRejection[] = [];
  for (const abi of coreAbis) {
    const verdict = abi.match(face);
    if (verdict.fits) return { abi, verdict };
    if (verdict.claimed) return { rejection: verdict.rejection };
    rejections.push(verdict.rejection);
  }
  return { rejection: noAbi(face, rejections) };
}

function noAbi(face: CoreFace, rejections: readonly BuildRejection[]): BuildRejection {
  const exports = face.exports.map(({ name, kind }) => `${name} (${kind})`).slice(0, 16);
  return {
    code: 'unknown_abi',
    message: `The module speaks none of the ABIs that Tenon runs. ${rejections.map(({ message }) => message).join(' ')}`,
    found: exports.length === 0 ? 'no exports' : exports.join(', '),
    allowed: rejections.map(({ allowed }) => allowed ?? '').join('; or '),
  };
}

/** @throws Error for a name that no ABI has, which an artifact of this engine never holds. */
export function coreAbi(name: string): CoreAbi {
  const found = coreAbis.find((abi) => abi.name === name);
  if (found === undefined) throw new Error(`no core ABI is called ${name}`);
  return found;
}
