import { randomUUID } from 'node:crypto';
import type { Sealer } from '@tenon/config';
import { ProblemError, uploadLimits } from '@tenon/contracts';
import { type Claim, type Database, type EarlierRequest, type IdempotencyScope, underClaim } from '@tenon/database';
import type { Logger } from '@tenon/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BoundedCache } from '../../schemas/bounded-cache.js';
import { settingsOf } from '../route-settings.js';
import { answerLost, keep, replay } from './answer-keeper.js';
import { drain, type HashedStream, hashOfBody } from './body-hash.js';
import { hashOfKey, hashOfRequest, parseIdempotencyKey } from './idempotency-key.js';

/** Longer than any request may take; whoever holds a key for longer is dead. */
const leaseMs = 180_000;
const keptMs = 24 * 60 * 60 * 1_000;
/** What one caller may leave behind in a day. */
const keysMax = 100_000;
const countedMs = 10_000;

/** A request that holds its key. */
export interface HeldKey {
  readonly scope: IdempotencyScope;
  readonly claim: Claim;
}

export interface IdempotencyPlatform {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly logger: Logger;
}

/** Lets each request with an `Idempotency-Key` have its effect once. */
export class Idempotency {
  readonly #counts = new BoundedCache<string, Promise<number>>(1_000, countedMs);

  constructor(private readonly platform: IdempotencyPlatform) {}

  /** Whether `request` carries a key that counts: reads need none, and nobody in particular has none. */
  concerns(request: FastifyRequest): boolean {
    const { method, headers, tenonCaller } = request;
    return headers['idempotency-key'] !== undefined && method !== 'GET' && tenonCaller !== undefined;
  }

  /**
   * Takes the key of `request` and calls `proceed` in its name, or gives the answer that the key has already.
   *
   * @throws ProblemError `invalid_request`, `idempotency_key_reused`, `idempotency_in_progress`,
   *   `idempotency_answer_lost` or `rate_limited`
   */
  async begin(request: FastifyRequest, reply: FastifyReply, proceed: () => void): Promise<void> {
    const scope = scopeOf(request);
    const key = parseIdempotencyKey(String(request.headers['idempotency-key']));
    await this.#assertRoom(scope);
    const stream = request.tenonHashedBody;
    const claim: Claim = { id: randomUUID(), open: true };
    const wanted = {
      id: hashOfKey(scope, key),
      request: hashOfRequest(request.method, request.url),
      body: stream === undefined ? hashOfBody(request) : null,
      claim: claim.id,
      leaseMs,
      keptMs,
    };
    const earlier = await this.platform.database.idempotency.claim(scope, wanted);
    if (earlier === undefined) {
      request.tenonHeldKey = { scope, claim };
      // What may be done twice without harm is not held to its claim: it may be tried again after any failure.
      if (settingsOf(request)?.repeatable === true) proceed();
      else underClaim(claim, proceed);
      return;
    }
    if (!earlier.request.equals(wanted.request)) throw reused();
    await assertSameBody(earlier, wanted.body, stream, reply);
    if (earlier.lost) throw answerLost();
    if (earlier.kept === undefined) throw inProgress();
    replay(this.platform.sealer, earlier, earlier.kept, reply);
  }

  /** Keeps what `request` is answered with, before it is; a failure of ours is not kept, so that it can be tried again. */
  async end(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
    const held = request.tenonHeldKey;
    if (held === undefined) return;
    const { scope, claim } = held;
    const body = request.tenonHashedBody === undefined ? hashOfBody(request) : request.tenonHashedBody.hash();
    claim.open = false;
    try {
      const { idempotency } = this.platform.database;
      const isKept = reply.statusCode < 500 && reply.statusCode !== 429 && body !== undefined;
      if (!isKept) await idempotency.release(scope, claim.id);
      else await idempotency.complete(scope, claim.id, keep(this.platform.sealer, claim.id, reply, payload), body);
    } catch (error) {
      this.platform.logger.error({ err: error }, 'the answer of a request with an idempotency key was not kept');
    }
  }

  async #assertRoom(scope: IdempotencyScope): Promise<void> {
    const counting = this.#counts.get(scope.actor) ?? this.platform.database.idempotency.count(scope);
    this.#counts.set(scope.actor, counting);
    counting.catch(() => this.#counts.delete(scope.actor));
    if ((await counting) < keysMax) return;
    throw new ProblemError('rate_limited', `A caller may have ${keysMax} idempotency keys a day.`);
  }
}

function scopeOf({ tenonCaller, tenonTenantId }: FastifyRequest): IdempotencyScope {
  if (tenonCaller === undefined) throw new Error('a request without a caller has no keys');
  return { tenantId: tenonTenantId ?? null, actor: tenonCaller.actor };
}

/** An upload's body is read for its hash alone, where it is needed, and then thrown away. */
async function assertSameBody(
  earlier: EarlierRequest,
  body: Buffer | null,
  stream: HashedStream | undefined,
  reply: FastifyReply,
): Promise<void> {
  if (earlier.body === null) return;
  const own = body ?? (stream && (await drain(stream, uploadLimits.componentBytesMax)));
  if (own === undefined) reply.header('connection', 'close');
  if (own?.equals(earlier.body) !== true) throw reused();
}

function reused(): ProblemError {
  return new ProblemError('idempotency_key_reused', 'The Idempotency-Key came with another request before.');
}

function inProgress(): ProblemError {
  return new ProblemError('idempotency_in_progress', 'The first request with this Idempotency-Key is still at work.');
}

declare module 'fastify' {
  interface FastifyRequest {
    tenonHeldKey?: HeldKey;
    /** Set for a body that is handed on as a stream and belongs to a request with an idempotency key. */
    tenonHashedBody?: HashedStream;
  }
}
