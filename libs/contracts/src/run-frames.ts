/**
 * How api and worker talk about runs whose caller waits: frames over one connection that stays open, answered in any
 * order. A frame is three numbers of 32 bits (big endian), a head as JSON text and a body as bytes:
 *
 *     length of all that follows | number of the question | length of the head | head | body
 */
export interface RunFrame {
  /** An answer has the number of its question. */
  readonly number: number;
  readonly head: unknown;
  readonly body: Uint8Array;
}

/** The value of the `Upgrade` header. */
export const runProtocol = 'tenon-runs/1';

/** A body is an input or an answer with the outputs of many functions. 1 MB is 1,000,000 bytes. */
export const runFrameBytesMax = 36_000_000;

const numbersBytes = 12;
const decoder = new TextDecoder();

/** The bytes of a whole frame. */
export function frameBytes(number: number, head: unknown, body: Uint8Array): Uint8Array {
  const text = JSON.stringify(head);
  const textBytes = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(numbersBytes + textBytes + body.length);
  bytes.writeUInt32BE(bytes.length - 4, 0);
  bytes.writeUInt32BE(number, 4);
  bytes.writeUInt32BE(textBytes, 8);
  bytes.write(text, numbersBytes);
  bytes.set(body, numbersBytes + textBytes);
  return bytes;
}

/** Puts frames together again from the pieces in which they arrive. */
export class FrameReader {
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  /** @throws RangeError for a frame that is too large or makes no sense; the connection is of no use then. */
  *read(piece: Uint8Array): Iterable<RunFrame> {
    this.pieces.push(piece);
    this.bytes += piece.length;
    while (this.bytes >= 4) {
      // A frame in many pieces is put together once, when it is whole, and not with every piece.
      const [first] = this.pieces;
      if (first === undefined || (first.length < 4 && this.pieces.length > 1)) this.join();
      const whole = this.pieces[0] ?? new Uint8Array();
      const length = new DataView(whole.buffer, whole.byteOffset).getUint32(0);
      if (length > runFrameBytesMax || length < numbersBytes - 4) throw new RangeError('a frame of a wrong size');
      if (this.bytes < 4 + length) return;
      const joined = this.join();
      this.pieces = joined.length > 4 + length ? [joined.subarray(4 + length)] : [];
      this.bytes -= 4 + length;
      yield frameOf(joined.subarray(4, 4 + length));
    }
  }

  private join(): Uint8Array {
    const [first] = this.pieces;
    if (first !== undefined && this.pieces.length === 1) return first;
    const joined = new Uint8Array(this.bytes);
    let at = 0;
    for (const piece of this.pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.pieces = [joined];
    return joined;
  }
}

function frameOf(bytes: Uint8Array): RunFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headEnd = 8 + view.getUint32(4);
  if (headEnd > bytes.length) throw new RangeError('a head that is longer than its frame');
  const head: unknown = JSON.parse(decoder.decode(bytes.subarray(8, headEnd)));
  return { number: view.getUint32(0), head, body: bytes.subarray(headEnd) };
}
