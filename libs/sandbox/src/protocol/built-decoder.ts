import { type BuildResult, buildRejectionSchema, buildReportSchema } from '@tenon/contracts';
import { z } from 'zod';
import { ProtocolError } from '../errors.js';
import { ByteReader } from './byte-reader.js';

/** A report lists a module's imports and exports, so it can be long; it is never as long as the module. */
const headBytesMax = 16_000_000;

const headSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('ready'), report: buildReportSchema }),
  z.object({ status: z.literal('rejected'), rejection: buildRejectionSchema }),
  z.object({ status: z.literal('failed'), message: z.string() }),
]);

/**
 * Decodes the body of a `built` frame from a sandbox that is not trusted.
 *
 * @throws ProtocolError when anything is out of place.
 */
export function decodeBuilt(body: Buffer): BuildResult {
  const reader = new ByteReader(body);
  const length = reader.u32();
  if (length > headBytesMax) throw new ProtocolError('a build report is too large');
  const head = parseHead(reader.text(length));
  const rest = reader.rest();
  if (head.status === 'ready') return { ...head, artifact: Uint8Array.from(rest) };
  if (rest.length > 0) throw new ProtocolError('an artifact of a build that gave none');
  return head;
}

function parseHead(text: string): z.infer<typeof headSchema> {
  try {
    return headSchema.parse(JSON.parse(text));
  } catch {
    throw new ProtocolError('the answer of a build has the wrong shape');
  }
}
