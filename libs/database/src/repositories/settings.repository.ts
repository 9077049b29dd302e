import { createHash } from 'node:crypto';
import { type Id, newId } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import { currentSettingsId } from '../current-settings.js';
import { Prisma, type FunctionSettings as SettingsRow } from '../generated/client.js';

/** One state of a function's settings. */
export interface FunctionSettings {
  readonly id: Id<'settings'>;
  readonly functionId: Id<'function'>;
  /** JSON text, exactly as the guest reads it. */
  readonly value: string;
  /** Of `value`. */
  readonly sha256: string;
  readonly by: string;
  readonly createdAt: Date;
}

/** Append-only: a state stays for as long as its function, because executions name it. */
export class SettingsRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'>,
  ) {}

  /** A new state. It counts once something is deployed with it, or at once where nothing is live. */
  async add(wanted: {
    readonly functionId: Id<'function'>;
    readonly value: string;
    readonly by: string;
  }): Promise<FunctionSettings> {
    const sha256 = createHash('sha256').update(wanted.value).digest('hex');
    const data = { id: newId('settings'), tenantId: this.tenantId, ...wanted, sha256 };
    return toSettings(await this.prisma.functionSettings.create({ data }));
  }

  async find(id: Id<'settings'>): Promise<FunctionSettings | null> {
    const where = { tenantId_id: { tenantId: this.tenantId, id } };
    const row = await this.prisma.functionSettings.findUnique({ where });
    return row === null ? null : toSettings(row);
  }

  /** Those of what is live, or the newest ones where nothing was live yet. */
  async current(functionId: Id<'function'>): Promise<FunctionSettings | null> {
    const rows = await this.prisma.$queryRaw<{ id: Id<'settings'> | null }[]>`
      SELECT ${Prisma.raw(currentSettingsId)} AS id FROM functions AS f
        WHERE f.tenant_id = ${this.tenantId} AND f.id = ${functionId}`;
    const id = rows[0]?.id ?? null;
    return id === null ? null : this.find(id);
  }
}

function toSettings(row: SettingsRow): FunctionSettings {
  return {
    id: row.id as Id<'settings'>,
    functionId: row.functionId as Id<'function'>,
    value: row.value,
    sha256: row.sha256,
    by: row.by,
    createdAt: row.createdAt,
  };
}
