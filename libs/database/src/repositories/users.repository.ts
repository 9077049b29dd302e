import { type Id, newId } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { User as UserRow } from '../generated/client.js';

/** A person, as signing in sees them. */
export interface User {
  readonly id: Id<'user'>;
  /** In lower case; unique. */
  readonly email: string;
  readonly name: string;
  /** Null for people who come in by OpenID Connect only. Never leaves the sign-in. */
  readonly passwordHash: string | null;
  /** Operators act for every tenant. */
  readonly operator: boolean;
  readonly createdAt: Date;
}

/** Who somebody is at an OpenID provider. */
export interface OidcIdentity {
  readonly issuer: string;
  readonly subject: string;
}

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string | null;
  readonly oidc?: OidcIdentity;
}

/** All people, for signing in only. */
export class UsersRepository {
  constructor(private readonly prisma: PrismaTransaction) {}

  /** Null when somebody has the address already; the transaction goes on. */
  async create({ email, name, passwordHash, oidc }: NewUser): Promise<User | null> {
    const identity = oidc === undefined ? {} : { oidcIssuer: oidc.issuer, oidcSubject: oidc.subject };
    const data = { id: newId('user'), email, name, passwordHash, ...identity };
    // Of two at the same moment the second waits for the first, and then does nothing.
    const { count } = await this.prisma.user.createMany({ data, skipDuplicates: true });
    return count === 1 ? this.find(data.id) : null;
  }

  async find(id: Id<'user'>): Promise<User | null> {
    const row = await this.prisma.user.findUnique({ where: { id } });
    return row === null ? null : toUser(row);
  }

  async findByEmail(email: string): Promise<User | null> {
    const row = await this.prisma.user.findUnique({ where: { email } });
    return row === null ? null : toUser(row);
  }

  async findByOidc({ issuer, subject }: OidcIdentity): Promise<User | null> {
    const row = await this.prisma.user.findFirst({ where: { oidcIssuer: issuer, oidcSubject: subject } });
    return row === null ? null : toUser(row);
  }

  async setPassword(id: Id<'user'>, passwordHash: string): Promise<void> {
    await this.prisma.user.update({ where: { id }, data: { passwordHash } });
  }

  /**
   * Ties the person to an identity at the provider and takes their password away: nobody had proved before that the
   * address is theirs, so whoever chose that password may be somebody else. @returns false when they are tied already.
   */
  async tieToOidc(id: Id<'user'>, { issuer, subject }: OidcIdentity): Promise<boolean> {
    const data = { oidcIssuer: issuer, oidcSubject: subject, passwordHash: null };
    const { count } = await this.prisma.user.updateMany({ where: { id, oidcSubject: null }, data });
    return count === 1;
  }

  async makeOperator(id: Id<'user'>): Promise<void> {
    await this.prisma.user.update({ where: { id }, data: { operator: true } });
  }
}

function toUser(row: UserRow): User {
  const { id, email, name, passwordHash, operator, createdAt } = row;
  return { id: id as Id<'user'>, email, name, passwordHash, operator, createdAt };
}
