import { ProtocolError } from '../errors.js';

/** Both ends come from one build, so another version on the wire means that something is badly wrong. */
export const protocolVersion = 1;

/** length of the body (u32), version (u8), kind (u8), zero (u16), id (u32); little endian. */
export const frameHeaderBytes = 12;

/** Large enough for any artifact and any output, small enough that a hostile length can't exhaust the host. */
export const frameBodyBytesMax = 130_000_000;

/** What a frame asks or answers. The id names the request; 0 where there is none. */
export const frameKinds = {
  /** To the sandbox. */
  configure: 1,
  loadArtifact: 2,
  execute: 3,
  build: 4,
  ping: 5,
  warm: 6,
  /** From the sandbox. */
  ready: 65,
  result: 66,
  artifactWanted: 67,
  built: 68,
  pong: 69,
  warmed: 70,
} as const;

export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

const knownKinds: ReadonlySet<number> = new Set(Object.values(frameKinds));

function isFrameKind(kind: number): kind is FrameKind {
  return knownKinds.has(kind);
}

export interface Frame {
  readonly kind: FrameKind;
  readonly id: number;
  /** Valid until the handler returns when it is a view of a larger chunk; whoever keeps it copies it. */
  readonly body: Buffer;
}

/** Allocates a frame with its header filled in; the caller writes the body behind it. */
export function allocateFrame(kind: FrameKind, id: number, bodyBytes: number): Buffer {
  if (bodyBytes > frameBodyBytesMax) throw new ProtocolError(`a frame of ${bodyBytes} bytes is too large to send`);
  const frame = Buffer.allocUnsafe(frameHeaderBytes + bodyBytes);
  frame.writeUInt32LE(bodyBytes, 0);
  frame.writeUInt8(protocolVersion, 4);
  frame.writeUInt8(kind, 5);
  frame.writeUInt16LE(0, 6);
  frame.writeUInt32LE(id, 8);
  return frame;
}

export function encodeFrame(kind: FrameKind, id: number, body: Uint8Array): Buffer {
  const frame = allocateFrame(kind, id, body.length);
  frame.set(body, frameHeaderBytes);
  return frame;
}

export function encodeJsonFrame(kind: FrameKind, id: number, value: unknown): Buffer {
  return encodeFrame(kind, id, Buffer.from(JSON.stringify(value)));
}

/**
 * Cuts a byte stream into frames. A body is allocated once its header is checked, so a peer can make the reader hold
 * at most one frame of `bodyBytesMax`.
 */
export class FrameDecoder {
  private readonly header = Buffer.alloc(frameHeaderBytes);
  private headerFilled = 0;
  private body: Buffer | undefined;
  private bodyFilled = 0;

  constructor(private readonly bodyBytesMax: number = frameBodyBytesMax) {}

  /** @throws ProtocolError at the first byte that can't belong to a frame. */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.body === undefined ? this.takeHeader(chunk, at, onFrame) : this.takeBody(this.body, chunk, at, onFrame);
    }
  }

  /** A frame that lies whole in the chunk is handed out as a view; only a cut one is copied. */
  private takeHeader(chunk: Buffer, at: number, onFrame: (frame: Frame) => void): number {
    if (this.headerFilled === 0 && chunk.length - at >= frameHeaderBytes) {
      const start = at + frameHeaderBytes;
      const length = this.checkHeader(chunk, at);
      if (chunk.length - start < length) return this.startBody(chunk, at, start);
      onFrame(frameOf(chunk, at, chunk.subarray(start, start + length)));
      return start + length;
    }
    const taken = Math.min(frameHeaderBytes - this.headerFilled, chunk.length - at);
    chunk.copy(this.header, this.headerFilled, at, at + taken);
    this.headerFilled += taken;
    if (this.headerFilled < frameHeaderBytes) return at + taken;
    const length = this.checkHeader(this.header, 0);
    this.body = Buffer.allocUnsafeSlow(length);
    return length === 0 ? this.takeBody(this.body, chunk, at + taken, onFrame) : at + taken;
  }

  private startBody(chunk: Buffer, at: number, start: number): number {
    chunk.copy(this.header, 0, at, start);
    this.headerFilled = frameHeaderBytes;
    this.body = Buffer.allocUnsafeSlow(this.header.readUInt32LE(0));
    return start;
  }

  private takeBody(body: Buffer, chunk: Buffer, at: number, onFrame: (frame: Frame) => void): number {
    const taken = Math.min(body.length - this.bodyFilled, chunk.length - at);
    chunk.copy(body, this.bodyFilled, at, at + taken);
    this.bodyFilled += taken;
    if (this.bodyFilled < body.length) return at + taken;
    this.body = undefined;
    this.bodyFilled = 0;
    this.headerFilled = 0;
    onFrame(frameOf(this.header, 0, body));
    return at + taken;
  }

  private checkHeader(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32LE(at);
    if (length > this.bodyBytesMax) throw new ProtocolError(`a frame of ${length} bytes is too large`);
    const version = bytes.readUInt8(at + 4);
    if (version !== protocolVersion) throw new ProtocolError(`protocol version ${version}`);
    const kind = bytes.readUInt8(at + 5);
    if (!isFrameKind(kind)) throw new ProtocolError(`unknown frame kind ${kind}`);
    if (bytes.readUInt16LE(at + 6) !== 0) throw new ProtocolError('reserved bits are set');
    return length;
  }
}

function frameOf(header: Buffer, at: number, body: Buffer): Frame {
  const kind = header.readUInt8(at + 5);
  if (!isFrameKind(kind)) throw new ProtocolError(`unknown frame kind ${kind}`);
  return { kind, id: header.readUInt32LE(at + 8), body };
}
