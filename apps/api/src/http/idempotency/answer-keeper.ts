import type { Sealer } from '@tenon/config';
import { ProblemError } from '@tenon/contracts';
import type { EarlierRequest, KeptAnswer } from '@tenon/database';
import type { FastifyReply } from 'fastify';

/** Larger answers are not kept; the largest that a change gives is an execution with its input, output and log. */
const answerBytesMax = 256_000;
/** What of the first answer's headers belongs to what was done; the rest belongs to the request that is answered. */
const keptHeaders = ['content-type', 'location', 'content-location', 'etag'] as const;

/** The answer that `reply` is about to give, sealed: it may carry a secret that is shown once. */
export function keep(sealer: Sealer, claim: string, reply: FastifyReply, payload: unknown): KeptAnswer {
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  return { status: reply.statusCode, headers, answer: seal(sealer, claim, payload) };
}

function seal(sealer: Sealer, claim: string, payload: unknown): Buffer | null {
  const bytes = bytesOf(payload);
  return bytes === undefined || bytes.length > answerBytesMax ? null : sealer.seal(bytes, contextOf(claim));
}

/** Nothing for a stream: whoever reads it has it then. */
function bytesOf(payload: unknown): Buffer | undefined {
  if (payload === null || payload === undefined) return Buffer.alloc(0);
  if (typeof payload === 'string') return Buffer.from(payload);
  return Buffer.isBuffer(payload) ? payload : undefined;
}

/**
 * Gives the answer of an earlier request again.
 *
 * @throws ProblemError `idempotency_answer_lost` where it was too large to keep
 */
export function replay(sealer: Sealer, { claim }: EarlierRequest, kept: KeptAnswer, reply: FastifyReply): void {
  if (kept.answer === null) throw answerLost();
  const bytes = sealer.open(kept.answer, contextOf(claim));
  reply.code(kept.status).headers(kept.headers).header('idempotent-replayed', 'true');
  reply.send(bytes.length === 0 ? undefined : bytes.toString('utf8'));
}

/** It was done, and nobody can say any more how it was answered. */
export function answerLost(): ProblemError {
  return new ProblemError(
    'idempotency_answer_lost',
    'It was carried out and is not carried out again; see what is there.',
  );
}

/** A sealed answer opens nowhere but with its own request. */
function contextOf(claim: string): string {
  return `idempotency:${claim}`;
}
