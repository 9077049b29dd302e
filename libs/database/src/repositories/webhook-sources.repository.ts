import { type Id, newId } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { Prisma, WebhookSource as WebhookSourceRow } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

export type WebhookScheme = 'standard' | 'shopify';

/** How a message gets its event type; the contract for it is in @tenon/contracts. */
export interface StoredMapping {
  readonly header?: string | undefined;
  readonly types: Readonly<Record<string, string>>;
  readonly fallback?: string | undefined;
}

export interface WebhookSource {
  /** Unguessable: whoever knows it can reach the source, though not sign for it. */
  readonly id: Id<'webhookSource'>;
  readonly name: string;
  readonly scheme: WebhookScheme;
  readonly mapping: StoredMapping;
  /** Sealed by the caller: one, or two while a secret is being rotated. */
  readonly secrets: readonly Uint8Array[];
  readonly createdAt: Date;
}

export class WebhookSourcesRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'>,
  ) {}

  /** @param source its `id` may be chosen beforehand, for seals that bind a secret to it. */
  async create(source: Omit<WebhookSource, 'id' | 'createdAt'> & { readonly id?: Id<'webhookSource'> }) {
    const { id = newId('webhookSource'), name, scheme, mapping, secrets } = source;
    const row = await this.prisma.webhookSource.create({
      data: { id, tenantId: this.tenantId, name, scheme, mapping: toJson(mapping), secrets: copies(secrets) },
    });
    return toWebhookSource(row);
  }

  async find(id: Id<'webhookSource'>): Promise<WebhookSource | null> {
    const row = await this.prisma.webhookSource.findFirst({ where: { tenantId: this.tenantId, id } });
    return row === null ? null : toWebhookSource(row);
  }

  async list(page: PageRequest): Promise<Page<WebhookSource>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const rows = await this.prisma.webhookSource.findMany({ ...order, where: { ...where, tenantId: this.tenantId } });
    return pageOf(rows.map(toWebhookSource), page.limit, (source) => source.id);
  }

  /** Replaces what people may change of it. @returns false when there is no such source. */
  async update(id: Id<'webhookSource'>, { name, mapping }: Pick<WebhookSource, 'name' | 'mapping'>): Promise<boolean> {
    const where = { tenantId: this.tenantId, id };
    const { count } = await this.prisma.webhookSource.updateMany({ where, data: { name, mapping: toJson(mapping) } });
    return count === 1;
  }

  /** Replaces the live secrets, one or two. @returns false when there is no such source. */
  async setSecrets(id: Id<'webhookSource'>, secrets: readonly Uint8Array[]): Promise<boolean> {
    const where = { tenantId: this.tenantId, id };
    const { count } = await this.prisma.webhookSource.updateMany({ where, data: { secrets: copies(secrets) } });
    return count === 1;
  }

  /** @returns false when there is no such source. */
  async delete(id: Id<'webhookSource'>): Promise<boolean> {
    const { count } = await this.prisma.webhookSource.deleteMany({ where: { tenantId: this.tenantId, id } });
    return count === 1;
  }
}

const copies = (secrets: readonly Uint8Array[]) => secrets.map((secret) => new Uint8Array(secret));

function toJson({ header, types, fallback }: StoredMapping): Prisma.InputJsonObject {
  return { types, ...(header === undefined ? {} : { header }), ...(fallback === undefined ? {} : { fallback }) };
}

function toWebhookSource(row: WebhookSourceRow): WebhookSource {
  return {
    id: row.id as Id<'webhookSource'>,
    name: row.name,
    scheme: row.scheme as WebhookScheme,
    mapping: row.mapping as unknown as StoredMapping,
    secrets: row.secrets,
    createdAt: row.createdAt,
  };
}
