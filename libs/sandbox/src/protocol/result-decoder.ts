import { type ExecutionResult, type Outcome, outcomeSchema } from '@tenon/contracts';
import { z } from 'zod';
import { ProtocolError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { messageBytesMax, type ResultDetail, resultHasOutput } from './result-encoder.js';

const outcomeBytesMax = 32;
const detailBytesMax = 256 * 1024;

const countSchema = z.int().min(0);

/** What only failures carry: rare, so JSON is good enough. */
const detailSchema = z.strictObject({
  limit: z
    .strictObject({
      name: z.enum([
        'instructionsMax',
        'memoryBytesMax',
        'stackBytesMax',
        'inputBytesMax',
        'outputBytesMax',
        'logBytesMax',
        'deadlineMs',
      ]),
      max: z.number(),
      actual: z.number().optional(),
    })
    .optional(),
  exitCode: z.int().optional(),
  guestError: z.string().optional(),
  backtrace: z
    .array(z.strictObject({ functionIndex: countSchema, functionName: z.string().optional() }))
    .max(256)
    .optional(),
});

function decodeDetail(text: string): ResultDetail {
  if (text === '') return {};
  const parsed = detailSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new ProtocolError('the detail of a result has the wrong shape');
  // Zod says `string | undefined` where the contract says "absent"; what came from JSON is never undefined.
  return parsed.data as ResultDetail;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError('the detail of a result is not JSON');
  }
}

/** What the sender may send back, as the host asked for it. */
export interface ResultBounds {
  readonly outputBytesMax: number;
  readonly logBytesMax: number;
}

/**
 * Decodes the body of a `result` frame from a sandbox that is not trusted: every length is checked, and output and log
 * are held to the limits of the request.
 *
 * @throws ProtocolError when anything is out of place.
 */
export function decodeRunResult(body: Buffer, bounds: ResultBounds): ExecutionResult {
  const reader = new ByteReader(body);
  const outcomeBytes = reader.u16();
  const flags = reader.u16();
  if (flags > resultHasOutput) throw new ProtocolError('unknown flag');
  const [instructionsUsed, fuelUsed, memoryBytesPeak, logBytesDropped] = [
    reader.count(),
    reader.count(),
    reader.count(),
    reader.count(),
  ];
  const [cpuUs, wallUs] = [reader.count(), reader.count()];
  const lengths = { message: reader.u32(), log: reader.u32(), output: reader.u32(), detail: reader.u32() };
  checkLengths(lengths, bounds, flags === resultHasOutput);
  const outcome = outcomeOf(reader.text(Math.min(outcomeBytes, outcomeBytesMax)));
  if ((outcome === 'succeeded') !== (flags === resultHasOutput)) throw new ProtocolError('an output without success');
  const message = reader.text(lengths.message);
  const log = reader.text(lengths.log);
  const output = reader.text(lengths.output);
  const detail = decodeDetail(reader.text(lengths.detail));
  reader.end();
  return {
    outcome,
    message,
    ...(flags === resultHasOutput && { output }),
    log,
    logBytesDropped,
    instructionsUsed,
    fuelUsed,
    memoryBytesPeak,
    cpuUs,
    wallUs,
    ...detail,
  };
}

function outcomeOf(name: string): Outcome {
  const parsed = outcomeSchema.safeParse(name);
  if (!parsed.success) throw new ProtocolError('unknown outcome');
  return parsed.data;
}

interface Lengths {
  readonly message: number;
  readonly log: number;
  readonly output: number;
  readonly detail: number;
}

function checkLengths(lengths: Lengths, bounds: ResultBounds, withOutput: boolean): void {
  if (lengths.message > messageBytesMax) throw new ProtocolError('the message is too long');
  // A log cut inside a character ends in U+FFFD, which takes up to three bytes where one was cut.
  if (lengths.log > bounds.logBytesMax * 3) throw new ProtocolError('the log is larger than its limit');
  if (lengths.output > (withOutput ? bounds.outputBytesMax : 0)) throw new ProtocolError('the output is too large');
  if (lengths.detail > detailBytesMax) throw new ProtocolError('the detail is too large');
}
