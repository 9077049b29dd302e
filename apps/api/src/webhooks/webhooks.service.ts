import { Inject, Injectable } from '@nestjs/common';
import type { Sealer } from '@tenon/config';
import {
  type AcceptedEventsAnswer,
  type CloudEvent,
  idSchema,
  type JsonValue,
  ProblemError,
  type WebhookScheme,
} from '@tenon/contracts';
import type { Database, ReceivingSource } from '@tenon/database';
import type { Quotas } from '@tenon/quota';
import { eventTypeOf, newWebhookSecret, verifyWebhook, type WebhookHeaders } from '@tenon/webhooks';
import { RefusalLog } from '../auth/refusal-log.js';
import { EventsService } from '../events/events.service.js';
import { DATABASE, QUOTAS, SEALER } from '../platform/tokens.js';
import { tooManyRequests } from '../rate-limit/too-many-requests.js';

const sourceIdSchema = idSchema('webhookSource');

export interface IncomingWebhook {
  /** What stood in the path. */
  readonly source: string;
  readonly headers: WebhookHeaders;
  /** The bytes as they came. */
  readonly rawBody: Uint8Array;
  /** The same, parsed. */
  readonly body: JsonValue;
  readonly requestId: string;
}

/** Takes signed messages in as events. */
@Injectable()
export class WebhooksService {
  /** What an unknown source is checked with: a secret that nobody knows, sealed like any other. */
  readonly #decoy: { readonly id: string; readonly secrets: readonly Uint8Array[] };

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SEALER) private readonly sealer: Sealer,
    @Inject(QUOTAS) private readonly quotas: Quotas,
    private readonly refusals: RefusalLog,
    private readonly events: EventsService,
  ) {
    this.#decoy = { id: 'decoy', secrets: [sealer.seal(newWebhookSecret(), 'decoy')] };
  }

  /** @throws ProblemError `signature_invalid` whatever is wrong before the sender has shown that it knows the secret */
  async receive(message: IncomingWebhook): Promise<AcceptedEventsAnswer> {
    const source = await this.#find(message.source);
    const messageId = this.#verify(source, message);
    if (source === null || messageId === undefined) {
      throw new ProblemError('signature_invalid', 'The source is unknown or the signature does not match.');
    }
    if (source.tenantStatus !== 'active') throw new ProblemError('tenant_suspended', 'The tenant is suspended.');
    // A sender that is refused here delivers the message again.
    const verdict = await this.quotas.admitRequest({ tenantId: source.tenantId });
    if (!verdict.admitted) throw tooManyRequests(verdict);
    const event = toCloudEvent(source, message, messageId);
    const inData = event.data === message.body ? '/body' : '/body/data';
    const read = {
      events: [event],
      pointerTo: (_index: number, attribute: string) => (attribute === 'data' ? inData : '/body'),
    };
    return this.events.accept(source.tenantId, read, `webhook:${source.id}`);
  }

  async #find(text: string): Promise<ReceivingSource | null> {
    const id = sourceIdSchema.safeParse(text);
    return id.success ? this.database.authentication.webhookSource(id.data) : null;
  }

  /** The same work is done for an unknown source, so that the time to the answer does not tell it from a known one. */
  #verify(source: ReceivingSource | null, { headers, rawBody, requestId }: IncomingWebhook): string | undefined {
    const scheme: WebhookScheme = source?.scheme ?? ('x-shopify-hmac-sha256' in headers ? 'shopify' : 'standard');
    const { id, secrets: sealed } = source ?? this.#decoy;
    const secrets = sealed.map((one) => this.sealer.open(one, id).toString('utf8'));
    const result = verifyWebhook(scheme, secrets, { headers, body: rawBody, nowMs: Date.now() });
    if (result.verified) return result.messageId;
    if (source !== null) {
      const action = `webhook.refused.${result.reason}`;
      this.refusals.record({
        tenantId: source.tenantId,
        actor: `webhook:${source.id}`,
        action,
        target: source.id,
        requestId,
      });
    }
    return undefined;
  }
}

function toCloudEvent(source: ReceivingSource, { headers, body }: IncomingWebhook, messageId: string): CloudEvent {
  const type = eventTypeOf(source.scheme, source.mapping, headers, body);
  if (type === undefined) {
    throw new ProblemError('invalid_event', 'The message has no event type by the mapping of its source.', [
      { pointer: '/body', message: 'add its name to the mapping, or a fallback' },
    ]);
  }
  const data = source.scheme === 'standard' ? payloadOf(body) : body;
  return { specversion: '1.0', id: messageId, source: `/v1/webhooks/${source.id}`, type, data };
}

/** Standard Webhooks recommends `{type, timestamp, data}`; what has another form is the data as a whole. */
function payloadOf(body: JsonValue): JsonValue {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return typeof body.type === 'string' && body.data !== undefined ? body.data : body;
}
