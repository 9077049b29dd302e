import type { ExecutionResult } from '@tenon/contracts';

export const resultFixedBytes = 4 + 6 * 8 + 4 * 4;
export const resultHasOutput = 1;
/** No sentence of ours is longer; a guest's own words inside it are cut to fit. */
export const messageBytesMax = 8 * 1024;
const guestErrorCharactersMax = 32 * 1024;
const backtraceFramesMax = 64;

/** What only failures carry: rare, so JSON is good enough. */
export type ResultDetail = Pick<ExecutionResult, 'limit' | 'exitCode' | 'guestError' | 'backtrace'>;

function cut(text: string, bytesMax: number): Buffer {
  const bytes = Buffer.from(text);
  return bytes.length <= bytesMax ? bytes : bytes.subarray(0, bytesMax);
}

function encodeDetail(result: ExecutionResult): Buffer {
  const { limit, exitCode, guestError, backtrace } = result;
  if (limit === undefined && exitCode === undefined && guestError === undefined && backtrace === undefined) {
    return Buffer.alloc(0);
  }
  const detail: ResultDetail = {
    ...(limit && { limit }),
    ...(exitCode !== undefined && { exitCode }),
    ...(guestError !== undefined && { guestError: guestError.slice(0, guestErrorCharactersMax) }),
    ...(backtrace && { backtrace: backtrace.slice(0, backtraceFramesMax) }),
  };
  return Buffer.from(JSON.stringify(detail));
}

/** Encodes a result as the body of a `result` frame. */
export function encodeRunResult(result: ExecutionResult): Buffer {
  const message = cut(result.message, messageBytesMax);
  const detail = encodeDetail(result);
  const logBytes = Buffer.byteLength(result.log);
  const outputBytes = result.output === undefined ? 0 : Buffer.byteLength(result.output);
  const body = Buffer.allocUnsafe(
    resultFixedBytes + result.outcome.length + message.length + logBytes + outputBytes + detail.length,
  );
  body.writeUInt16LE(result.outcome.length, 0);
  body.writeUInt16LE(result.output === undefined ? 0 : resultHasOutput, 2);
  let at = 4;
  for (const count of countsOf(result)) at = body.writeDoubleLE(count, at);
  for (const length of [message.length, logBytes, outputBytes, detail.length]) at = body.writeUInt32LE(length, at);
  at += body.write(result.outcome, at, 'latin1');
  at += message.copy(body, at);
  at += body.write(result.log, at, logBytes, 'utf8');
  if (result.output !== undefined) at += body.write(result.output, at, outputBytes, 'utf8');
  detail.copy(body, at);
  return body;
}

function countsOf(result: ExecutionResult): number[] {
  return [
    result.instructionsUsed,
    result.fuelUsed,
    result.memoryBytesPeak,
    result.logBytesDropped,
    result.cpuUs,
    result.wallUs,
  ];
}
