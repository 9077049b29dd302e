import { type Id, newId } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { Session as SessionRow } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

/** How somebody proved who they are. */
export type SignInMethod = 'password' | 'oidc' | 'invitation';

export interface Session {
  readonly id: Id<'session'>;
  readonly userId: Id<'user'>;
  readonly method: SignInMethod;
  readonly address: string;
  readonly userAgent: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
}

export interface NewSession extends Pick<Session, 'userId' | 'method' | 'address' | 'userAgent' | 'expiresAt'> {
  /** SHA-256 of the token in the cookie, 32 bytes. */
  readonly tokenHash: Uint8Array;
}

/** A person with more browsers than this loses the session that was opened first. */
const sessionsPerUserMax = 50;

/** Sessions of people; each is found again by the hash of its cookie only. */
export class SessionsRepository {
  constructor(private readonly prisma: PrismaTransaction) {}

  /** Opens a session, and forgets those of this person that are over. */
  async create({ tokenHash, ...session }: NewSession): Promise<Session> {
    const { userId } = session;
    await this.prisma.session.deleteMany({
      where: { userId, OR: [{ revokedAt: { not: null } }, { expiresAt: { lte: new Date() } }] },
    });
    const surplus = await this.prisma.session.findMany({
      where: { userId },
      orderBy: { id: 'desc' },
      skip: sessionsPerUserMax - 1,
      select: { id: true },
    });
    await this.prisma.session.deleteMany({ where: { id: { in: surplus.map(({ id }) => id) } } });
    const data = { id: newId('session'), tokenHash: new Uint8Array(tokenHash), ...session };
    return toSession(await this.prisma.session.create({ data }));
  }

  /** Those that still open something, or did until they were idle too long. */
  async list(userId: Id<'user'>, page: PageRequest): Promise<Page<Session>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const live = { userId, revokedAt: null, expiresAt: { gt: new Date() } };
    const rows = await this.prisma.session.findMany({ ...order, where: { ...where, ...live } });
    return pageOf(rows.map(toSession), page.limit, (session) => session.id);
  }

  /** @returns false when the person has no such live session. */
  async revoke(userId: Id<'user'>, id: Id<'session'>): Promise<boolean> {
    const where = { id, userId, revokedAt: null };
    const { count } = await this.prisma.session.updateMany({ where, data: { revokedAt: new Date() } });
    return count === 1;
  }

  /** Ends the session behind a token, whoever's it is; nothing where there is none. */
  async revokeByToken(tokenHash: Uint8Array): Promise<void> {
    const where = { tokenHash: new Uint8Array(tokenHash), revokedAt: null };
    await this.prisma.session.updateMany({ where, data: { revokedAt: new Date() } });
  }

  /** @returns how many were live. */
  async revokeAll(userId: Id<'user'>, except?: Id<'session'>): Promise<number> {
    const where = { userId, revokedAt: null, ...(except === undefined ? {} : { id: { not: except } }) };
    return (await this.prisma.session.updateMany({ where, data: { revokedAt: new Date() } })).count;
  }
}

function toSession(row: SessionRow): Session {
  return {
    id: row.id as Id<'session'>,
    userId: row.userId as Id<'user'>,
    method: row.method as SignInMethod,
    address: row.address,
    userAgent: row.userAgent,
    createdAt: row.createdAt,
    lastSeenAt: row.lastSeenAt,
    expiresAt: row.expiresAt,
  };
}
