import { ByteWriter } from '../binary/byte-writer.js';

/** Code that metering adds to a module, written with the few operators it needs. */
export class Assembler {
  readonly out = new ByteWriter(256);

  ops(...bytes: number[]): this {
    this.out.list(bytes);
    return this;
  }

  get(local: number): this {
    this.out.u8(0x20);
    this.out.u32(local);
    return this;
  }

  set(local: number): this {
    this.out.u8(0x21);
    this.out.u32(local);
    return this;
  }

  global(index: number): this {
    this.out.u8(0x23);
    this.out.u32(index);
    return this;
  }

  setGlobal(index: number): this {
    this.out.u8(0x24);
    this.out.u32(index);
    return this;
  }

  const32(value: number): this {
    this.out.u8(0x41);
    this.out.s32(value);
    return this;
  }

  const64(value: number): this {
    this.out.u8(0x42);
    this.out.s64(BigInt(value));
    return this;
  }

  indexed(opcode: number, index: number): this {
    this.out.u8(opcode);
    this.out.u32(index);
    return this;
  }
}
