import type { ByteReader } from '../binary/byte-reader.js';
import { immediateOf, prefixedOperator, refusedProposal } from '../binary/opcodes.js';
import { WasmError } from '../binary/wasm-error.js';
import { refuse } from './value-types.js';

/** Reads an opcode with its prefix. @returns its slot in the operator tables. */
export function readOperator(reader: ByteReader): number {
  const opcode = reader.u8();
  if (opcode < 0xfb && immediateOf[opcode] !== 0) return opcode;
  return readRareOperator(reader, opcode);
}

function readRareOperator(reader: ByteReader, opcode: number): number {
  const offset = reader.pos - 1;
  const prefixed = opcode >= 0xfb && opcode <= 0xfe;
  const sub = prefixed ? reader.u32() : 0;
  const slot = prefixed ? prefixedOperator(opcode, sub) : -1;
  if (slot >= 0 && immediateOf[slot] !== 0) return slot;
  const proposal = refusedProposal(opcode, sub);
  if (proposal !== undefined) throw refuse(proposal, offset);
  const hex = `0x${opcode.toString(16).padStart(2, '0')}`;
  throw new WasmError('unknown_opcode', 'This operator is not known.', {
    offset,
    found: prefixed ? `${hex} ${sub}` : hex,
  });
}
