import { type Id, newId, type Scope } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { ApiKey as ApiKeyRow } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

/** A key as it is kept: without the secret, which is shown once and never stored. */
export interface ApiKey {
  readonly id: Id<'key'>;
  /** Null for an operator's key. */
  readonly tenantId: Id<'tenant'> | null;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  /** The key or person that made it; null where that was not written down. */
  readonly createdBy: string | null;
  /** The key that took its place. */
  readonly rotatedTo: Id<'key'> | null;
}

export interface NewApiKey {
  readonly name: string;
  /** The first characters of the secret, for people to tell keys apart. */
  readonly prefix: string;
  /** SHA-256 of the secret, 32 bytes. */
  readonly hash: Uint8Array;
  readonly scopes: readonly Scope[];
  readonly expiresAt?: Date | undefined;
  /** The key or person that makes it. */
  readonly createdBy?: string;
}

/** The keys of one tenant, or, without a tenant, those of the operators. */
export class KeysRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'> | null,
  ) {}

  async create(key: NewApiKey): Promise<ApiKey> {
    const { name, prefix, hash, scopes, expiresAt, createdBy } = key;
    return toApiKey(
      await this.prisma.apiKey.create({
        data: {
          id: newId('key'),
          tenantId: this.tenantId,
          name,
          prefix,
          hash: new Uint8Array(hash),
          scopes: [...scopes],
          expiresAt: expiresAt ?? null,
          createdBy: createdBy ?? null,
        },
      }),
    );
  }

  /**
   * Lets the key end at `expiresAt`, because `successor` takes its place. @returns false when it was revoked, has ended or
   * was rotated before: of two that rotate one key at once, one is told so.
   */
  async retire(id: Id<'key'>, successor: Id<'key'>, expiresAt: Date): Promise<boolean> {
    const live = { revokedAt: null, rotatedTo: null, OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] };
    const { count } = await this.prisma.apiKey.updateMany({
      where: { id, tenantId: this.tenantId, ...live },
      data: { rotatedTo: successor, expiresAt },
    });
    return count === 1;
  }

  async find(id: Id<'key'>): Promise<ApiKey | null> {
    const row = await this.prisma.apiKey.findFirst({ where: { id, tenantId: this.tenantId } });
    return row === null ? null : toApiKey(row);
  }

  async list(page: PageRequest): Promise<Page<ApiKey>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const rows = await this.prisma.apiKey.findMany({ ...order, where: { ...where, tenantId: this.tenantId } });
    return pageOf(rows.map(toApiKey), page.limit, (key) => key.id);
  }

  /** From the commit on the key opens nothing. @returns false when there is no such key or it was revoked before. */
  async revoke(id: Id<'key'>): Promise<boolean> {
    const { count } = await this.prisma.apiKey.updateMany({
      where: { id, tenantId: this.tenantId, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    return count === 1;
  }
}

function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id as Id<'key'>,
    tenantId: row.tenantId as Id<'tenant'> | null,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes as Scope[],
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    revokedAt: row.revokedAt,
    lastUsedAt: row.lastUsedAt,
    createdBy: row.createdBy,
    rotatedTo: row.rotatedTo as Id<'key'> | null,
  };
}
