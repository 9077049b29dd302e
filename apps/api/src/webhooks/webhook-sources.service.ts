import { Inject, Injectable } from '@nestjs/common';
import type { Sealer } from '@tenon/config';
import {
  type CreatedWebhookSourceAnswer,
  type CreateWebhookSourceBody,
  type Id,
  newId,
  type PageQuery,
  ProblemError,
  type PutWebhookSourceBody,
  type RotateSecretBody,
  type WebhookScheme,
  type WebhookSourceAnswer,
} from '@tenon/contracts';
import type { Database, TenantTransaction, WebhookSource } from '@tenon/database';
import { newWebhookSecret, webhookSchemes } from '@tenon/webhooks';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { checkPreconditions, type Preconditions } from '../http/preconditions.js';
import { DATABASE, SEALER } from '../platform/tokens.js';

type SourceId = Id<'webhookSource'>;

/** Where signed messages come from, and what they are taken for. */
@Injectable()
export class WebhookSourcesService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SEALER) private readonly sealer: Sealer,
  ) {}

  /** The secret is in this answer only; the database keeps it sealed, bound to the source's id. */
  create(caller: TenantCaller, body: CreateWebhookSourceBody): Promise<CreatedWebhookSourceAnswer> {
    const { name, scheme, mapping } = body;
    const secret = secretFor(scheme, body.secret);
    const id = newId('webhookSource');
    const secrets = [this.sealer.seal(secret, id)];
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const source = await tx.webhookSources.create({ id, name, scheme, mapping, secrets });
      await tx.audit.append(auditOf(caller, 'webhook_source.created', id, { scheme, ...audited(body) }));
      return { ...toAnswer(source), secret };
    });
  }

  get(caller: TenantCaller, id: SourceId): Promise<WebhookSourceAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const source = await tx.webhookSources.find(id);
      if (source === null) throw noSuchSource();
      return toAnswer(source);
    });
  }

  /** @throws ProblemError `not_found`, `precondition_failed` */
  put(caller: TenantCaller, id: SourceId, body: PutWebhookSourceBody, conditions: Preconditions) {
    return this.database.withTenant(caller.tenantId, async (tx): Promise<WebhookSourceAnswer> => {
      const source = await findForChange(tx, id, conditions);
      await tx.webhookSources.update(id, body);
      const details = { before: audited(source), after: audited(body) };
      await tx.audit.append(auditOf(caller, 'webhook_source.changed', id, details));
      return toAnswer({ ...source, ...body });
    });
  }

  /** Both the new and the last secret verify from now on, so that the sender can change over without losing a message. */
  rotateSecret(caller: TenantCaller, id: SourceId, body: RotateSecretBody): Promise<CreatedWebhookSourceAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const source = await findForChange(tx, id, {});
      const secret = secretFor(source.scheme, body.secret);
      const secrets = [this.sealer.seal(secret, id), ...source.secrets.slice(0, 1)];
      await tx.webhookSources.setSecrets(id, secrets);
      await tx.audit.append(auditOf(caller, 'webhook_source.secret_rotated', id));
      return { ...toAnswer({ ...source, secrets }), secret };
    });
  }

  async delete(caller: TenantCaller, id: SourceId, conditions: Preconditions): Promise<void> {
    await this.database.withTenant(caller.tenantId, async (tx) => {
      await findForChange(tx, id, conditions);
      await tx.webhookSources.delete(id);
      await tx.audit.append(auditOf(caller, 'webhook_source.deleted', id));
    });
  }

  async list(caller: TenantCaller, query: PageQuery) {
    return mapPage(await this.database.withTenant(caller.tenantId, (tx) => tx.webhookSources.list(query)), toAnswer);
  }
}

/** The source, once nobody else can change it and the conditions of the change hold. */
async function findForChange(tx: TenantTransaction, id: SourceId, conditions: Preconditions): Promise<WebhookSource> {
  let source: WebhookSource | null = null;
  await checkPreconditions(tx, `webhook-source:${id}`, conditions, async () => {
    source = await tx.webhookSources.find(id);
    return source === null ? null : toAnswer(source);
  });
  if (source === null) throw noSuchSource();
  return source;
}

function audited({ name, mapping }: Pick<WebhookSource, 'name' | 'mapping'>) {
  const { header = null, types, fallback = null } = mapping;
  return { name, mapping: { header, types: { ...types }, fallback } };
}

/** The secret that was given, if it is one of its scheme, else a new one. */
function secretFor(scheme: WebhookScheme, given: string | undefined): string {
  const secret = given ?? newWebhookSecret();
  if (webhookSchemes[scheme].parseSecret(secret) !== undefined) return secret;
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: '/body/secret', message: 'expected "whsec_" and base64 of 24 to 64 bytes' },
  ]);
}

function noSuchSource(): ProblemError {
  return new ProblemError('not_found', 'There is no such webhook source.');
}

function toAnswer({ id, name, scheme, mapping, secrets, createdAt }: WebhookSource): WebhookSourceAnswer {
  const { header, types, fallback } = mapping;
  return {
    id,
    name,
    scheme,
    mapping: {
      types: { ...types },
      ...(header === undefined ? {} : { header }),
      ...(fallback === undefined ? {} : { fallback }),
    },
    path: `/v1/webhooks/${id}`,
    liveSecrets: secrets.length,
    createdAt: createdAt.toISOString(),
  };
}
