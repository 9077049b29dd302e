import type { Sealer } from '@tenon/config';
import type { AttemptRecord, ClaimedDelivery, CourierEndpoint, Database } from '@tenon/database';
import { type Storage, StorageError } from '@tenon/storage';
import type { Logger } from '@tenon/telemetry';
import { isProbing, type SendResult, signedHeaders, type WebhookSender } from '@tenon/webhooks';
import type { StepResult } from '../shared/wakeable-loop.js';
import { type DeliveryMessage, executionMessage, pingMessage } from './delivery-message.js';
import { type Verdict, verdictOn } from './delivery-verdict.js';

/** Messages to one endpoint at once. */
const perEndpointMax = 16;
/** Endpoints at once; the others come in the next steps. */
const endpointsMax = 32;
/** Longer than an attempt can take, so that nobody sends what is still being sent. */
const leaseMs = 60_000;
/** After this time others get their turn. */
const roundMsMax = 10_000;
/** A plan may allow outputs of many times this; what is larger is told by its hash. */
const outputBytesMax = 1_000_000;

/** Errors of ours: the run is not kept any more; the message could not be made. */
const runGone = 'execution_gone';
const notMade = 'internal';

export interface CourierParts {
  readonly database: Pick<Database, 'courier' | 'executions'>;
  readonly storage: Pick<Storage, 'read'>;
  readonly sealer: Sealer;
  readonly sender: WebhookSender;
  readonly logger: Logger;
  /** Told about every attempt. */
  readonly onAttempt?: (status: AttemptRecord['status'], durationMs: number) => void;
  /** The clock by which deliveries are due. */
  readonly nowMs?: () => number;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/**
 * Sends what is due, endpoint by endpoint, each in its own round, so that one that is slow keeps no other waiting.
 * At least once: whoever dies between sending and recording sends again, with the same id.
 */
export class Courier {
  readonly #rounds = new Map<string, Promise<void>>();
  readonly #nowMs: () => number;
  readonly #random: () => number;
  #stopped = false;

  constructor(private readonly parts: CourierParts) {
    this.#nowMs = parts.nowMs ?? Date.now;
    this.#random = parts.random ?? Math.random;
  }

  /** Starts a round for every endpoint that may get something and has none under way. */
  async step(): Promise<StepResult> {
    const endpoints = await this.parts.database.courier.openEndpoints(new Date(this.#nowMs()));
    const waiting = endpoints.filter((endpoint) => !this.#rounds.has(endpoint.id));
    // Not always the same ones first.
    const from = Math.floor(this.#random() * waiting.length);
    const turn = [...waiting.slice(from), ...waiting.slice(0, from)];
    for (const endpoint of turn.slice(0, Math.max(0, endpointsMax - this.#rounds.size))) this.#start(endpoint);
    return 'idle';
  }

  /** Waits for the rounds under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#rounds.values());
  }

  /** What is being sent is sent and recorded; nothing new is begun. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
    this.parts.sender.close();
  }

  #start(endpoint: CourierEndpoint): void {
    const round = this.#round(endpoint)
      .catch((error: unknown) => {
        this.parts.logger.warn({ err: error, endpointId: endpoint.id }, 'deliveries wait: a round failed');
      })
      .finally(() => this.#rounds.delete(endpoint.id));
    this.#rounds.set(endpoint.id, round);
  }

  async #round(endpoint: CourierEndpoint): Promise<void> {
    const endMs = performance.now() + roundMsMax;
    // After a closed circuit one message at a time, until it is known how it goes.
    const limit = isProbing(endpoint.failures) ? 1 : perEndpointMax;
    let afterKey: string | undefined;
    while (!this.#stopped && performance.now() < endMs) {
      const now = new Date(this.#nowMs());
      const claim = await this.parts.database.courier.claim(endpoint, { now, leaseMs, limit, afterKey });
      const worked = await Promise.all(claim.deliveries.map((delivery) => this.#deliver(endpoint, delivery)));
      // What an endpoint refused once is not tried with everything else that waits: its circuit has to be asked first.
      if (worked.includes(false) || limit === 1) return;
      afterKey = claim.nextKey;
      if (claim.deliveries.length === 0 && afterKey === undefined) return;
    }
  }

  /** @returns whether the endpoint took it */
  async #deliver(endpoint: CourierEndpoint, delivery: ClaimedDelivery): Promise<boolean> {
    const atMs = this.#nowMs();
    const startMs = performance.now();
    const result = await this.#send(endpoint, delivery, atMs);
    const durationMs = Math.round(performance.now() - startMs);
    const verdict = this.#verdictOn(result, delivery);
    const { statusCode, error, address, body } = result;
    await this.parts.database.courier.record({
      delivery,
      at: new Date(atMs),
      durationMs,
      ...{ statusCode, error, address, body },
      ...verdict,
    });
    this.parts.onAttempt?.(verdict.status, durationMs);
    // Ids and codes only: neither what was sent nor what was answered belongs into a log.
    const line = { deliveryId: delivery.id, endpointId: endpoint.id, attempt: delivery.attempts, statusCode, error };
    this.parts.logger.debug({ ...line, durationMs, status: verdict.status }, 'delivery attempted');
    return verdict.status === 'delivered';
  }

  /** What was never sent says nothing about the endpoint. What is not there any more need not be tried again. */
  #verdictOn(result: SendResult, { attempts }: ClaimedDelivery): Verdict {
    if (result.error === runGone) return { status: 'failed' };
    const verdict = verdictOn(result, attempts, this.#nowMs(), this.#random());
    return result.error === notMade ? { ...verdict, endpoint: undefined } : verdict;
  }

  async #send(endpoint: CourierEndpoint, delivery: ClaimedDelivery, timestampMs: number): Promise<SendResult> {
    try {
      const message = await this.#messageOf(delivery);
      if (message === undefined) return notSent(runGone);
      const secrets = endpoint.secrets.map((sealed) => this.parts.sealer.open(sealed, endpoint.id).toString('utf8'));
      const headers = signedHeaders({ id: delivery.id, timestampMs, body: message.body }, secrets);
      return await this.parts.sender.post(endpoint.url, headers, message.body);
    } catch (error) {
      this.parts.logger.warn({ err: error, deliveryId: delivery.id }, 'a delivery could not be made');
      return notSent(notMade);
    }
  }

  async #messageOf(delivery: ClaimedDelivery): Promise<DeliveryMessage | undefined> {
    const { kind, tenantId, executionId } = delivery;
    if (kind === 'ping') return pingMessage(delivery);
    if (tenantId === null || executionId === null) return undefined;
    const execution = await this.parts.database.executions.find(tenantId, executionId);
    if (execution === null) return undefined;
    const { output, outputPlace, outputSha256 } = execution;
    if (outputPlace !== 'storage' || outputSha256 === null)
      return executionMessage(delivery, execution, output ?? undefined);
    return executionMessage(delivery, execution, await this.#storedOutput(outputSha256));
  }

  /** Nothing where it is too large to be sent, or lost: neither gets better by trying again, and others may wait for it. */
  async #storedOutput(sha256: string): Promise<string | undefined> {
    try {
      const bytes = await this.parts.storage.read(sha256, { bytesMax: outputBytesMax });
      return Buffer.from(bytes).toString('utf8');
    } catch (error) {
      if (error instanceof StorageError && (error.code === 'too_large' || error.code === 'not_found')) return undefined;
      throw error;
    }
  }
}

function notSent(error: string): SendResult {
  return { statusCode: null, body: '', retryAfter: undefined, address: null, error };
}
