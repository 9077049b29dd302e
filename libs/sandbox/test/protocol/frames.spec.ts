import { describe, expect, it } from '@jest/globals';
import { encodeFrame, type Frame, FrameDecoder, frameHeaderBytes, frameKinds, ProtocolError } from '@tenon/sandbox';
import fc from 'fast-check';

const kindArbitrary = fc.constantFrom(...Object.values(frameKinds));
const frameArbitrary = fc.record({
  kind: kindArbitrary,
  id: fc.nat(0xffff_ffff),
  body: fc.uint8Array({ maxLength: 300 }),
});

function decodeIn(pieces: readonly Buffer[], bodyBytesMax?: number): Frame[] {
  const decoder = new FrameDecoder(bodyBytesMax);
  const frames: Frame[] = [];
  for (const piece of pieces) {
    decoder.push(piece, ({ kind, id, body }) => frames.push({ kind, id, body: Buffer.from(body) }));
  }
  return frames;
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...pieces, bytes.subarray(at)];
}

describe('FrameDecoder', () => {
  it('gives back every frame, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(frameArbitrary, { maxLength: 8 }),
        fc.array(fc.nat(40), { maxLength: 60 }),
        (sent, sizes) => {
          const stream = Buffer.concat(sent.map(({ kind, id, body }) => encodeFrame(kind, id, body)));

          const received = decodeIn(cut(stream, sizes));

          expect(received).toEqual(sent.map(({ kind, id, body }) => ({ kind, id, body: Buffer.from(body) })));
        },
      ),
    );
  });

  it('throws nothing but ProtocolError at any bytes, and holds no more than it allows', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (pieces) => {
        try {
          for (const { body } of decodeIn(
            pieces.map((piece) => Buffer.from(piece)),
            1_000,
          )) {
            expect(body.length).toBeLessThanOrEqual(1_000);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  it.each([
    ['version', 4, 2],
    ['kind', 5, 0],
    ['reserved bits', 6, 1],
  ])('refuses a header with a wrong %s', (_name, offset, value) => {
    const frame = encodeFrame(frameKinds.ping, 1, Buffer.alloc(4));
    frame[offset] = value;

    expect(() => decodeIn([frame])).toThrow(ProtocolError);
    expect(() => decodeIn(cut(frame, Array(frameHeaderBytes).fill(1)))).toThrow(ProtocolError);
  });

  it('refuses a body above its bound before any of it arrives', () => {
    const header = encodeFrame(frameKinds.result, 1, Buffer.alloc(11)).subarray(0, frameHeaderBytes);

    expect(() => decodeIn([header], 10)).toThrow('a frame of 11 bytes is too large');
  });
});
