/** An unsigned number as the binary format writes it. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

export function section(id: number, content: Uint8Array | number[], claimedBytes = content.length): Buffer {
  return Buffer.concat([Buffer.from([id, ...leb(claimedBytes)]), Buffer.from(content)]);
}

const header = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const typeSection = section(1, [1, 0x60, 0, 0]);
const memorySection = section(5, [1, 0, 1]);
const end = 0x0b;

/** `_start` is function 0, `memory` is memory 0. */
const exportSection = section(7, [2, 6, ...Buffer.from('_start'), 0, 0, 6, ...Buffer.from('memory'), 2, 0]);

/** A body from its locals and operators; the length is written in front. */
export function body(operators: Uint8Array | number[], locals: number[] = [0]): Buffer {
  const content = Buffer.concat([Buffer.from(locals), Buffer.from(operators), Buffer.from([end])]);
  return Buffer.concat([Buffer.from(leb(content.length)), content]);
}

/** A WASI command whose functions all have the type `() -> ()`. */
export function moduleOf(bodies: readonly Buffer[], ...tail: Buffer[]): Buffer {
  const count = leb(bodies.length);
  const functions = section(3, Buffer.concat([Buffer.from(count), Buffer.alloc(bodies.length)]));
  const code = section(10, Buffer.concat([Buffer.from(count), ...bodies]));
  return Buffer.concat([header, typeSection, functions, memorySection, exportSection, code, ...tail]);
}

/** The same with a section replaced by bytes that need not be right. */
export function moduleWithCode(code: Buffer, exports: Buffer = exportSection): Buffer {
  return Buffer.concat([header, typeSection, section(3, [1, 0]), memorySection, exports, code]);
}
