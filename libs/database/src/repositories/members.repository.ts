import type { Id, Role } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import { type Page, type PageRequest, pageOf } from '../page.js';

/** A person as the tenant sees them that they belong to. */
export interface Member {
  readonly userId: Id<'user'>;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly since: Date;
}

interface MemberRow {
  readonly userId: string;
  readonly role: string;
  readonly createdAt: Date;
  readonly user: { readonly email: string; readonly name: string };
}

const withUser = { user: { select: { email: true, name: true } } } as const;

/** The people of one tenant. Who joins, does so by an invitation. */
export class MembersRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'>,
  ) {}

  /** Newest person first. */
  async list({ limit, cursor }: PageRequest): Promise<Page<Member>> {
    const rows = await this.prisma.membership.findMany({
      where: { tenantId: this.tenantId, ...(cursor === undefined ? {} : { userId: { lt: cursor } }) },
      orderBy: { userId: 'desc' },
      take: limit + 1,
      include: withUser,
    });
    return pageOf(rows.map(toMember), limit, (member) => member.userId);
  }

  async find(userId: Id<'user'>): Promise<Member | null> {
    const where = { tenantId: this.tenantId, userId };
    const row = await this.prisma.membership.findFirst({ where, include: withUser });
    return row === null ? null : toMember(row);
  }

  /** How many owners there are. Until the transaction ends nobody else changes who they are. */
  async lockOwners(): Promise<number> {
    const rows = await this.prisma.$queryRaw<unknown[]>`
      SELECT user_id FROM memberships WHERE tenant_id = ${this.tenantId} AND role = 'owner' ORDER BY user_id FOR UPDATE`;
    return rows.length;
  }

  /** @returns false when nobody of that id belongs to the tenant. */
  async setRole(userId: Id<'user'>, role: Role): Promise<boolean> {
    const where = { tenantId: this.tenantId, userId };
    return (await this.prisma.membership.updateMany({ where, data: { role } })).count === 1;
  }

  /** @returns false when nobody of that id belongs to the tenant. */
  async remove(userId: Id<'user'>): Promise<boolean> {
    return (await this.prisma.membership.deleteMany({ where: { tenantId: this.tenantId, userId } })).count === 1;
  }
}

function toMember({ userId, role, createdAt, user }: MemberRow): Member {
  return { userId: userId as Id<'user'>, email: user.email, name: user.name, role: role as Role, since: createdAt };
}
