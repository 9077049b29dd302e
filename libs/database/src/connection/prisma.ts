import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlRunner } from '@tenon/audit';
import type pg from 'pg';
import { Prisma, PrismaClient } from '../generated/client.js';

/** The Prisma client inside one transaction. */
export type PrismaTransaction = Prisma.TransactionClient;

/** A control-plane transaction is a handful of statements. */
const transactionLimits = { maxWait: 5_000, timeout: 10_000 } as const;

export function openPrisma(pool: pg.Pool): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions: transactionLimits });
}

/** Lets code that speaks SQL take part in a Prisma transaction. */
export function sqlRunnerOf(transaction: PrismaTransaction): SqlRunner {
  return {
    query: (text, values) => transaction.$queryRawUnsafe<Record<string, unknown>[]>(text, ...values),
  };
}

/** Puts whoever changes `resource` in a row until this transaction ends; it need not exist yet. */
export async function lockResource(transaction: PrismaTransaction, resource: string): Promise<void> {
  await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`tenon.resource:${resource}`}, 0))::text`;
}

/** True for an insert or update that broke a unique key. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
