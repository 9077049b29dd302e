import { z } from 'zod';
import { ProtocolError } from '../errors.js';
import type { SandboxVitals } from './control.js';

const count = z.int().min(0);
const vitalsSchema = z.strictObject({
  rssBytes: count,
  cachedArtifacts: count,
  cachedBytes: count,
  threadsEnded: count,
});
const warmedSchema = z.strictObject({ ok: z.boolean(), message: z.string().optional() });
const jsonBytesMax = 16 * 1024;

/** @throws ProtocolError when a sandbox that is not trusted sends anything else. */
function parse<T>(schema: z.ZodType<T>, body: Buffer): T {
  if (body.length > jsonBytesMax) throw new ProtocolError('a control frame is too large');
  try {
    return schema.parse(JSON.parse(body.toString()));
  } catch {
    throw new ProtocolError('a control frame has the wrong shape');
  }
}

export function parseVitals(body: Buffer): SandboxVitals {
  return parse(vitalsSchema, body);
}

export function parseWarmed(body: Buffer): boolean {
  return parse(warmedSchema, body).ok;
}
