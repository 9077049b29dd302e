import {
  type ExecutionLimits,
  executionLimitsSchema,
  type Isolation,
  isolationSchema,
  type QuotaLimits,
  quotaLimitsSchema,
} from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { Plan as PlanRow } from '../generated/client.js';

export interface PlanTerms {
  readonly functionsMax: number;
  readonly executionLimits: ExecutionLimits;
  /** The defaults where they are absent. */
  readonly quotas?: QuotaLimits;
  /** Shared, where it is absent. */
  readonly isolation?: Isolation;
}

export interface Plan extends PlanTerms {
  readonly name: string;
  readonly quotas: QuotaLimits;
  readonly isolation: Isolation;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export class PlansRepository {
  constructor(private readonly prisma: PrismaTransaction) {}

  /** Creates the plan or replaces its terms; they hold from the next execution on. */
  async put(name: string, { functionsMax, executionLimits, quotas, isolation = 'shared' }: PlanTerms): Promise<Plan> {
    const terms = { functionsMax, executionLimits: { ...executionLimits }, quotas: { ...quotas }, isolation };
    return toPlan(
      await this.prisma.plan.upsert({
        where: { name },
        create: { name, ...terms },
        update: { ...terms, updatedAt: new Date() },
      }),
    );
  }

  async find(name: string): Promise<Plan | null> {
    const row = await this.prisma.plan.findUnique({ where: { name } });
    return row === null ? null : toPlan(row);
  }
}

export function toPlan(row: PlanRow): Plan {
  return {
    name: row.name,
    functionsMax: row.functionsMax,
    // What a plan leaves out takes the default, so a limit that is added later needs no migration.
    executionLimits: executionLimitsSchema.parse(row.executionLimits),
    quotas: quotaLimitsSchema.parse(row.quotas),
    isolation: isolationSchema.parse(row.isolation),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
