import { Inject, Injectable } from '@nestjs/common';
import type { Sealer } from '@tenon/config';
import {
  type CreateDeliveryEndpointBody,
  type CreatedDeliveryEndpointAnswer,
  type DeliveryAnswer,
  type DeliveryEndpointAnswer,
  type Id,
  newId,
  type PageQuery,
  ProblemError,
  type PutDeliveryEndpointBody,
  type RotateSecretBody,
} from '@tenon/contracts';
import type { Database, DeliveryEndpoint, OperatorTransaction } from '@tenon/database';
import { type AllowedTargets, newWebhookSecret, readTarget, TargetRefusal, webhookSchemes } from '@tenon/webhooks';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage, timeOrNull } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { checkPreconditions, type Preconditions } from '../http/preconditions.js';
import { DATABASE, DELIVERY_TARGETS, SEALER } from '../platform/tokens.js';
import { toDeliveryAnswer } from './deliveries.service.js';

type EndpointId = Id<'deliveryEndpoint'>;

/** Every run is matched against every endpoint, and every endpoint is a line of its own for the courier. */
const endpointsMax = 100;

/** Where results are sent to. */
@Injectable()
export class DeliveryEndpointsService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SEALER) private readonly sealer: Sealer,
    @Inject(DELIVERY_TARGETS) private readonly allowed: AllowedTargets,
  ) {}

  /** The secret is in this answer only; the database keeps it sealed, bound to the endpoint's id. */
  create(
    caller: Caller,
    { secret: given, ...terms }: CreateDeliveryEndpointBody,
  ): Promise<CreatedDeliveryEndpointAnswer> {
    this.#assertTarget(terms.url);
    const secret = secretFor(given);
    const id = newId('deliveryEndpoint');
    return this.database.asOperator(async (tx) => {
      await tx.lock('delivery-endpoints');
      if ((await tx.deliveryEndpoints.count()) >= endpointsMax) {
        throw new ProblemError('conflict', `There are ${endpointsMax} endpoints already; delete one first.`);
      }
      const endpoint = await tx.deliveryEndpoints.create({ id, secrets: [this.sealer.seal(secret, id)], ...terms });
      await tx.audit.append(auditOf(caller, 'delivery_endpoint.created', id, { after: audited(endpoint) }));
      return { ...toAnswer(endpoint), secret };
    });
  }

  get(id: EndpointId): Promise<DeliveryEndpointAnswer> {
    return this.database.asOperator(async (tx) => toAnswer(found(await tx.deliveryEndpoints.find(id))));
  }

  async list(query: PageQuery) {
    return mapPage(await this.database.asOperator((tx) => tx.deliveryEndpoints.list(query)), toAnswer);
  }

  put(
    caller: Caller,
    id: EndpointId,
    terms: PutDeliveryEndpointBody,
    conditions: Preconditions,
  ): Promise<DeliveryEndpointAnswer> {
    this.#assertTarget(terms.url);
    return this.#change(caller, id, 'delivery_endpoint.updated', conditions, (tx) =>
      tx.deliveryEndpoints.update(id, terms),
    );
  }

  /** `active` also closes the circuit and enables an endpoint that answered 410. */
  setStatus(caller: Caller, id: EndpointId, status: 'active' | 'paused'): Promise<DeliveryEndpointAnswer> {
    const action = status === 'active' ? 'delivery_endpoint.resumed' : 'delivery_endpoint.paused';
    return this.#change(caller, id, action, {}, (tx) => tx.deliveryEndpoints.setStatus(id, status));
  }

  /** From now on messages carry a signature of the new and one of the last secret, until the next rotation. */
  async rotateSecret(caller: Caller, id: EndpointId, body: RotateSecretBody): Promise<CreatedDeliveryEndpointAnswer> {
    const secret = secretFor(body.secret);
    const answer = await this.#change(caller, id, 'delivery_endpoint.secret_rotated', {}, async (tx) => {
      const { secrets } = found(await tx.deliveryEndpoints.find(id));
      return tx.deliveryEndpoints.setSecrets(id, [this.sealer.seal(secret, id), ...secrets.slice(0, 1)]);
    });
    return { ...answer, secret };
  }

  /** What waits for the endpoint is not sent any more, and its history goes with it. */
  async delete(caller: Caller, id: EndpointId): Promise<void> {
    await this.database.asOperator(async (tx) => {
      const before = found(await tx.deliveryEndpoints.find(id));
      await tx.deliveryEndpoints.delete(id);
      await tx.audit.append(auditOf(caller, 'delivery_endpoint.deleted', id, { before: audited(before) }));
    });
  }

  /** A message that only shows that the endpoint is reached; what came of it is in the delivery. */
  ping(caller: Caller, id: EndpointId): Promise<DeliveryAnswer> {
    return this.database.asOperator(async (tx) => {
      found(await tx.deliveryEndpoints.find(id));
      const delivery = await tx.deliveries.ping(id);
      await tx.audit.append(auditOf(caller, 'delivery_endpoint.pinged', id, { delivery: delivery.id }));
      return toDeliveryAnswer(delivery);
    });
  }

  #change(
    caller: Caller,
    id: EndpointId,
    action: string,
    conditions: Preconditions,
    change: (tx: OperatorTransaction) => Promise<DeliveryEndpoint | null>,
  ): Promise<DeliveryEndpointAnswer> {
    return this.database.asOperator(async (tx) => {
      let before: DeliveryEndpoint | null = null;
      await checkPreconditions(tx, `delivery-endpoint:${id}`, conditions, async () => {
        before = await tx.deliveryEndpoints.find(id);
        return before === null ? null : toAnswer(before);
      });
      const after = found(await change(tx));
      const details = { before: audited(found(before)), after: audited(after) };
      await tx.audit.append(auditOf(caller, action, id, details));
      return toAnswer(after);
    });
  }

  /** What the address of the host turns out to be is checked when something is sent. */
  #assertTarget(url: string): void {
    try {
      readTarget(url, this.allowed);
    } catch (error) {
      if (!(error instanceof TargetRefusal)) throw error;
      throw new ProblemError('invalid_request', 'Nothing may be sent to this URL; see errors.', [
        { pointer: '/body/url', message: `${error.code}: ${error.message}` },
      ]);
    }
  }
}

function secretFor(given: string | undefined): string {
  const secret = given ?? newWebhookSecret();
  if (webhookSchemes.standard.parseSecret(secret) !== undefined) return secret;
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: '/body/secret', message: 'expected "whsec_" and base64 of 24 to 64 bytes' },
  ]);
}

function found(endpoint: DeliveryEndpoint | null): DeliveryEndpoint {
  if (endpoint === null) throw new ProblemError('not_found', 'There is no such endpoint.');
  return endpoint;
}

/** Paths and queries of webhooks are often secrets themselves, so the log names the host only. */
function audited({ name, url, extensionPoints, eventTypes, outcomes, ordering, status }: DeliveryEndpoint) {
  const host = URL.parse(url)?.host ?? '';
  return { name, host, extensionPoints: [...extensionPoints], eventTypes: [...eventTypes], outcomes, ordering, status };
}

function toAnswer({ secrets, openUntil, createdAt, updatedAt, ...rest }: DeliveryEndpoint): DeliveryEndpointAnswer {
  return {
    ...rest,
    extensionPoints: [...rest.extensionPoints],
    eventTypes: [...rest.eventTypes],
    liveSecrets: secrets.length,
    openUntil: timeOrNull(openUntil),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
