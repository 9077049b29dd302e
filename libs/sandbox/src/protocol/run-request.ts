import type { ExecutionRequest } from '@tenon/contracts';
import { ProtocolError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { allocateFrame, frameHeaderBytes, frameKinds } from './frames.js';

/** SHA-256 of the artifact, 64 hexadecimal characters in memory and 32 bytes on the wire. */
export const artifactIdBytes = 32;
const seedBytes = 32;
const runHeaderBytes = 2 * 8 + 6 * 4 + seedBytes + 4;
/** Where these limits lie in a run's encoded form; the supervisor needs nothing else of it. */
const memoryOffset = 2 * 8;
const outputOffset = 2 * 8 + 3 * 4;
const logOffset = 2 * 8 + 4 * 4;
const deadlineOffset = 2 * 8 + 5 * 4;
/** Settings are small; larger ones are refused before they are sent. */
export const configBytesMax = 1_000_000;

/** What a sandbox needs to schedule a run, and the run itself still encoded: only the guest's thread decodes it. */
export interface ExecuteBody {
  readonly artifactId: string;
  readonly tenantId: string;
  readonly deadlineMs: number;
  readonly run: Buffer;
}

/** Encodes a whole `execute` frame in one buffer. @throws ProtocolError when the input can't fit a frame. */
export function encodeExecuteFrame(
  id: number,
  artifactId: string,
  tenantId: string,
  request: ExecutionRequest,
): Buffer {
  const tenantBytes = Buffer.byteLength(tenantId);
  const inputBytes = Buffer.byteLength(request.input);
  const config = encodeConfig(request.config);
  const bodyBytes = artifactIdBytes + 2 + tenantBytes + runHeaderBytes + config.length + inputBytes;
  const frame = allocateFrame(frameKinds.execute, id, bodyBytes);
  let at = frameHeaderBytes;
  at += frame.write(artifactId, at, artifactIdBytes, 'hex');
  at = frame.writeUInt16LE(tenantBytes, at);
  at += frame.write(tenantId, at, tenantBytes, 'utf8');
  const { limits } = request;
  at = frame.writeDoubleLE(request.clockMs, at);
  at = frame.writeDoubleLE(limits.instructionsMax, at);
  at = frame.writeUInt32LE(limits.memoryBytesMax, at);
  at = frame.writeUInt32LE(limits.stackBytesMax, at);
  at = frame.writeUInt32LE(limits.inputBytesMax, at);
  at = frame.writeUInt32LE(limits.outputBytesMax, at);
  at = frame.writeUInt32LE(limits.logBytesMax, at);
  at = frame.writeUInt32LE(limits.deadlineMs, at);
  at += frame.write(request.seed, at, seedBytes, 'hex');
  at = frame.writeUInt32LE(config.length, at);
  at += config.copy(frame, at);
  frame.write(request.input, at, inputBytes, 'utf8');
  return frame;
}

const noConfig = Buffer.alloc(0);

function encodeConfig(config: ExecutionRequest['config']): Buffer {
  if (config === undefined) return noConfig;
  return Buffer.from(JSON.stringify(config));
}

export function decodeExecuteBody(body: Buffer): ExecuteBody {
  const reader = new ByteReader(body);
  const artifactId = reader.hex(artifactIdBytes);
  const tenantId = reader.text(reader.u16());
  const run = reader.rest();
  if (run.length < runHeaderBytes) throw new ProtocolError('an execution without its request');
  return { artifactId, tenantId, deadlineMs: run.readUInt32LE(deadlineOffset), run };
}

/** @throws ProtocolError when the bytes end early. */
export function decodeRun(run: Buffer): ExecutionRequest {
  const reader = new ByteReader(run);
  const clockMs = reader.f64();
  const limits = {
    instructionsMax: reader.f64(),
    memoryBytesMax: reader.u32(),
    stackBytesMax: reader.u32(),
    inputBytesMax: reader.u32(),
    outputBytesMax: reader.u32(),
    logBytesMax: reader.u32(),
    deadlineMs: reader.u32(),
  };
  const seed = reader.hex(seedBytes);
  const config = reader.text(reader.u32());
  const request = { input: reader.rest().toString('utf8'), limits, clockMs, seed };
  if (config === '') return request;
  return { ...request, config: JSON.parse(config) as Readonly<Record<string, string>> };
}

/** The limits that the supervisor holds a run's thread and its answer to, read without decoding the rest. */
export interface RunBounds {
  readonly memoryBytesMax: number;
  readonly outputBytesMax: number;
  readonly logBytesMax: number;
}

/** @param run an encoded run, as `decodeExecuteBody` gives it. */
export function boundsOfRun(run: Buffer): RunBounds {
  return {
    memoryBytesMax: run.readUInt32LE(memoryOffset),
    outputBytesMax: run.readUInt32LE(outputOffset),
    logBytesMax: run.readUInt32LE(logOffset),
  };
}
