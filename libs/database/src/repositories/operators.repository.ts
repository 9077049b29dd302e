import type { Id } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

/** A person who operates this installation. */
export interface Operator {
  readonly userId: Id<'user'>;
  readonly email: string;
  readonly name: string;
  readonly createdAt: Date;
}

const columns = { id: true, email: true, name: true, createdAt: true } as const;

/** The people who operate this installation; others are not seen here. */
export class OperatorsRepository {
  constructor(private readonly prisma: PrismaTransaction) {}

  async list(page: PageRequest): Promise<Page<Operator>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const rows = await this.prisma.user.findMany({ ...order, where: { ...where, operator: true }, select: columns });
    const operators = rows.map(({ id, ...row }) => ({ userId: id as Id<'user'>, ...row }));
    return pageOf(operators, page.limit, (operator) => operator.userId);
  }

  /** Makes an operator an ordinary person. @returns false when there is no such operator. */
  async dismiss(userId: Id<'user'>): Promise<boolean> {
    const where = { id: userId, operator: true };
    return (await this.prisma.user.updateMany({ where, data: { operator: false } })).count === 1;
  }
}
