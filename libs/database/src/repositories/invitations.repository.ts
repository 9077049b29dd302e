import { type Id, newId, type Role } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { Invitation as InvitationRow } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

/** What somebody is invited to be: a role in a tenant, or an operator. */
export type InvitedRole = Role | 'operator';

export interface Invitation {
  readonly id: Id<'invitation'>;
  /** Null for one that makes an operator. */
  readonly tenantId: Id<'tenant'> | null;
  /** In lower case. */
  readonly email: string;
  readonly role: InvitedRole;
  readonly invitedBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly acceptedAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface NewInvitation extends Pick<Invitation, 'email' | 'role' | 'invitedBy' | 'expiresAt'> {
  /** SHA-256 of the token, 32 bytes. */
  readonly tokenHash: Uint8Array;
}

/** The invitations of one tenant, or, without a tenant, those that make operators. */
export class InvitationsRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'> | null,
  ) {}

  async create({ tokenHash, ...invitation }: NewInvitation): Promise<Invitation> {
    const tenantId = this.tenantId;
    const data = { id: newId('invitation'), tenantId, tokenHash: new Uint8Array(tokenHash), ...invitation };
    return toInvitation(await this.prisma.invitation.create({ data }));
  }

  async find(id: Id<'invitation'>): Promise<Invitation | null> {
    const row = await this.prisma.invitation.findFirst({ where: { id, tenantId: this.tenantId } });
    return row === null ? null : toInvitation(row);
  }

  async list(page: PageRequest): Promise<Page<Invitation>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const rows = await this.prisma.invitation.findMany({ ...order, where: { ...where, tenantId: this.tenantId } });
    return pageOf(rows.map(toInvitation), page.limit, (invitation) => invitation.id);
  }

  /** How many can still be accepted. */
  countOpen(): Promise<number> {
    return this.prisma.invitation.count({ where: { tenantId: this.tenantId, ...open() } });
  }

  /** @returns false when there is no such invitation, or it can't be accepted any more. */
  async revoke(id: Id<'invitation'>): Promise<boolean> {
    const where = { id, tenantId: this.tenantId, ...open() };
    return (await this.prisma.invitation.updateMany({ where, data: { revokedAt: new Date() } })).count === 1;
  }
}

/** Invitations as whoever was invited meets them: by their token, before a tenant is known. */
export class InvitationTokensRepository {
  constructor(private readonly prisma: PrismaTransaction) {}

  /** The invitation behind a token, if it can still be accepted. */
  async findOpen(tokenHash: Uint8Array): Promise<Invitation | null> {
    const where = { tokenHash: new Uint8Array(tokenHash), ...open() };
    const row = await this.prisma.invitation.findFirst({ where });
    return row === null ? null : toInvitation(row);
  }

  /** Invitations that wait for somebody whose address is proved. At most 100. */
  async openFor(email: string): Promise<readonly Invitation[]> {
    const rows = await this.prisma.invitation.findMany({ where: { email, ...open() }, take: 100 });
    return rows.map(toInvitation);
  }

  /** @returns false when somebody else was faster: an invitation is accepted once. */
  async accept(id: Id<'invitation'>): Promise<boolean> {
    const where = { id, ...open() };
    return (await this.prisma.invitation.updateMany({ where, data: { acceptedAt: new Date() } })).count === 1;
  }

  /** Makes the person a member. Who is one already keeps the role that may do more. */
  async join(tenantId: Id<'tenant'>, userId: Id<'user'>, role: Role): Promise<void> {
    await this.prisma.$executeRaw`
      INSERT INTO memberships AS m (tenant_id, user_id, role) VALUES (${tenantId}, ${userId}, ${role})
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role
          WHERE array_position(ARRAY['owner', 'developer', 'viewer'], excluded.role)
              < array_position(ARRAY['owner', 'developer', 'viewer'], m.role)`;
  }
}

const open = () => ({ acceptedAt: null, revokedAt: null, expiresAt: { gt: new Date() } });

function toInvitation({ tokenHash: _tokenHash, ...row }: InvitationRow): Invitation {
  return {
    ...row,
    id: row.id as Id<'invitation'>,
    tenantId: row.tenantId as Id<'tenant'> | null,
    role: row.role as InvitedRole,
  };
}
