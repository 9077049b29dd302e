import { setTimeout as delay } from 'node:timers/promises';
import { LoadConnection, requestText } from '../pipeline/http-load.ts';

const retryMs = 50;
const lineText = '{"sku":"mug-blue","quantity":12,"unitPrice":1250}';

/**
 * Sends events at a steady rate, whatever happens to those who take them: an event whose request failed is sent again
 * with the same id until it is acknowledged, as a careful client does.
 */
export class SteadyLoad {
  /** Ids that were answered with 202, in that order. */
  readonly acknowledged: string[] = [];
  /** Answers that were neither 202 nor a broken connection. */
  readonly refusals = new Map<number, number>();
  private sent = 0;
  private stopping = false;
  private readonly startMs = performance.now();
  private readonly url: string;
  private readonly key: string;
  private readonly ratePerS: number;
  private readonly senders: readonly Promise<void>[];

  constructor(url: string, key: string, ratePerS: number, connections: number) {
    this.url = url;
    this.key = key;
    this.ratePerS = ratePerS;
    this.senders = Array.from({ length: connections }, (_, index) => this.sendAll(index % 4 === 0 ? 10 : 1));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.senders);
  }

  private async sendAll(eventsPerRequest: number): Promise<void> {
    let connection: LoadConnection | undefined;
    while (!this.stopping) {
      const first = this.sent;
      const aheadMs = (first / this.ratePerS) * 1_000 - (performance.now() - this.startMs);
      if (aheadMs > 0) {
        await delay(Math.min(aheadMs, 20));
        continue;
      }
      this.sent += eventsPerRequest;
      const request = this.requestOf(first, eventsPerRequest);
      connection = await this.untilAcknowledged(request, connection);
    }
    connection?.close();
  }

  /** Gives up only when nobody answers for a minute: then the measurement has failed. */
  private async untilAcknowledged(request: string, given: LoadConnection | undefined): Promise<LoadConnection> {
    let connection = given;
    const deadline = performance.now() + 60_000;
    while (performance.now() < deadline) {
      try {
        connection ??= await LoadConnection.open(this.url);
        const { status, body } = await connection.send(request);
        if (status === 202) {
          this.acknowledged.push(...(body.match(/evt_[0-9a-z]{26}/g) ?? []));
          return connection;
        }
        this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1);
      } catch {
        connection?.close();
        connection = undefined;
      }
      await delay(retryMs);
    }
    throw new Error('no event was accepted for a minute');
  }

  private requestOf(first: number, events: number): string {
    const texts = Array.from({ length: events }, (_, index) => this.eventText(first + index));
    if (events === 1) return requestText('/v1/events', this.key, 'application/cloudevents+json', texts[0] ?? '');
    return requestText('/v1/events', this.key, 'application/cloudevents-batch+json', `[${texts.join(',')}]`);
  }

  private eventText(number: number): string {
    return (
      `{"specversion":"1.0","id":"fault-${number}","source":"/faults","type":"cart.updated",` +
      `"data":{"currency":"EUR","lines":[${lineText}]}}`
    );
  }
}
