import { AuditSeals } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { holdClaim } from './connection/claim.js';
import { assertLeastPrivilege } from './connection/least-privilege.js';
import { openPool } from './connection/pool.js';
import { openPrisma, type PrismaTransaction } from './connection/prisma.js';
import { databaseRoles } from './connection/roles.js';
import type { PrismaClient } from './generated/client.js';
import { type IdentityTransaction, identityTransaction } from './identity-transaction.js';
import { type OperatorTransaction, operatorTransaction } from './operator-transaction.js';
import { AuditTrailRepository } from './pipeline/audit-trail.repository.js';
import { AuthenticationRepository } from './pipeline/authentication.repository.js';
import { BreakersRepository } from './pipeline/breakers.repository.js';
import { CourierRepository } from './pipeline/courier.repository.js';
import { ErasureRepository } from './pipeline/erasure.repository.js';
import { EventWorkRepository } from './pipeline/event-work.repository.js';
import { EventsRepository } from './pipeline/events.repository.js';
import { ExecutionFeedRepository } from './pipeline/execution-feed.repository.js';
import { ExecutionsRepository } from './pipeline/executions.repository.js';
import { IdempotencyRepository } from './pipeline/idempotency.repository.js';
import { LiveFunctionsRepository } from './pipeline/live-functions.repository.js';
import { MaintenanceRepository } from './pipeline/maintenance.repository.js';
import { OutboxRepository } from './pipeline/outbox.repository.js';
import { QuotaRepository } from './pipeline/quota.repository.js';
import { RecorderRepository } from './pipeline/recorder.repository.js';
import { StatisticsRepository } from './pipeline/statistics.repository.js';
import { StorageUseRepository } from './pipeline/storage-use.repository.js';
import { TenantExportRepository } from './pipeline/tenant-export.repository.js';
import { UsageRepository } from './pipeline/usage.repository.js';
import { type TenantTransaction, tenantTransaction } from './tenant-transaction.js';

export interface DatabaseOptions {
  /** A login that is a member of the roles that this process uses; never the owner of the tables. */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** What this process does. Each use is a pool of its own; one that is not named can't be used. Default: `app`. */
  readonly uses?: readonly DatabaseUse[];
  /** Keys for the seals of audit entries, the first one in use; without any, entries carry no seal. */
  readonly auditKeys?: readonly Uint8Array[];
  /** Audit entries older than this may go; absent: none. */
  readonly auditKeepDays?: number | undefined;
  /** Connections per pool at most. Default: 10. */
  readonly connectionsMax?: number;
  /** Told about connections that break while nobody uses them. */
  readonly onIdleError?: (error: Error) => void;
}

/** `app`: api and worker, one tenant at a time. The others: the worker. */
export type DatabaseUse = 'app' | 'recorder' | 'scheduler' | 'eraser' | 'courier';

const dayMs = 86_400_000;

/**
 * The only way to the data. The control plane goes through transactions, in which a change and its audit entry commit
 * together; the event pipeline through repositories that take the tenant first and write in batches.
 */
export class Database {
  readonly authentication: AuthenticationRepository;
  readonly events: EventsRepository;
  readonly eventWork: EventWorkRepository;
  readonly breakers: BreakersRepository;
  readonly executions: ExecutionsRepository;
  readonly executionFeed: ExecutionFeedRepository;
  readonly statistics: StatisticsRepository;
  readonly usage: UsageRepository;
  /** What it says about all tenants needs the use `scheduler`. */
  readonly quota: QuotaRepository;
  readonly auditTrail: AuditTrailRepository;
  readonly liveFunctions: LiveFunctionsRepository;
  readonly idempotency: IdempotencyRepository;
  /** Needs the use `recorder`. */
  readonly recorder: RecorderRepository;
  /** Needs the use `scheduler`. */
  readonly outbox: OutboxRepository;
  /** Needs the uses `scheduler` and, for pruning, `recorder`. */
  readonly maintenance: MaintenanceRepository;
  /** Needs the use `scheduler`. */
  readonly storageUse: StorageUseRepository;
  /** Needs the use `courier`. */
  readonly courier: CourierRepository;
  /** Needs the use `eraser`. */
  readonly erasure: ErasureRepository;
  readonly tenantExport: TenantExportRepository;
  readonly #pools: Readonly<Record<DatabaseUse, pg.Pool>>;
  readonly #uses: readonly DatabaseUse[];
  readonly #seals: AuditSeals | undefined;
  readonly #auditKeepDays: number | undefined;
  readonly #prisma: PrismaClient;

  private constructor(options: DatabaseOptions) {
    const { uses = ['app'], connectionsMax = 10 } = options;
    const poolFor = (use: DatabaseUse) =>
      openPool({ ...options, connectionsMax, role: databaseRoles[use], pipeline: use === 'recorder' });
    this.#uses = uses;
    this.#auditKeepDays = options.auditKeepDays;
    this.#seals = options.auditKeys === undefined ? undefined : new AuditSeals(options.auditKeys);
    this.#pools = {
      app: poolFor('app'),
      recorder: poolFor('recorder'),
      scheduler: poolFor('scheduler'),
      eraser: poolFor('eraser'),
      courier: poolFor('courier'),
    };
    this.#prisma = openPrisma(this.#pools.app);
    this.authentication = new AuthenticationRepository(this.#pools.app);
    this.events = new EventsRepository(this.#pools.app);
    this.eventWork = new EventWorkRepository(this.#pools.app, this.#seals);
    this.breakers = new BreakersRepository(this.#pools.app, this.#seals);
    this.executions = new ExecutionsRepository(this.#pools.app);
    this.executionFeed = new ExecutionFeedRepository(this.#pools.app);
    this.statistics = new StatisticsRepository(this.#pools.app);
    this.usage = new UsageRepository(this.#pools.app);
    this.quota = new QuotaRepository(this.#pools);
    this.auditTrail = new AuditTrailRepository(this.#pools.app, this.#seals);
    this.liveFunctions = new LiveFunctionsRepository(this.#pools.app);
    this.idempotency = new IdempotencyRepository(this.#pools.app, this.#pools.scheduler);
    this.recorder = new RecorderRepository(this.#pools.recorder, this.#seals);
    this.outbox = new OutboxRepository(this.#pools.scheduler);
    this.courier = new CourierRepository(this.#pools.courier);
    this.erasure = new ErasureRepository(this.#pools.eraser, this.#seals);
    this.tenantExport = new TenantExportRepository(this.#pools.app);
    this.maintenance = new MaintenanceRepository(this.#pools, this.#seals);
    this.storageUse = new StorageUseRepository(this.#pools.scheduler);
  }

  /**
   * Connects and refuses a login that could see more than it should.
   *
   * @throws PrivilegeError when a connection bypasses row-level security or owns the tables.
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const database = new Database(options);
    try {
      for (const use of database.#uses) await assertLeastPrivilege(database.#pools[use]);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Audit entries from before this time may go; undefined where all are kept. */
  auditKeptSince(): Date | undefined {
    return this.#auditKeepDays === undefined ? undefined : new Date(Date.now() - this.#auditKeepDays * dayMs);
  }

  /** Runs `work` in a transaction that sees the rows of `tenantId` only. What it throws rolls everything back. */
  withTenant<Result>(tenantId: Id<'tenant'>, work: (tx: TenantTransaction) => Promise<Result>): Promise<Result> {
    return this.#prisma.$transaction(async (prisma) => {
      await prisma.$queryRaw`SELECT set_config('app.tenant_id', ${tenantId}, true)`;
      return held(prisma, work(tenantTransaction(prisma, tenantId, { seals: this.#seals })));
    });
  }

  /** Runs `work` in a transaction with the operator's rights, which end at the tenants' data. */
  asOperator<Result>(work: (tx: OperatorTransaction) => Promise<Result>): Promise<Result> {
    return this.#prisma.$transaction(async (prisma) => {
      await prisma.$executeRaw`SET LOCAL ROLE tenon_operator`;
      return held(prisma, work(operatorTransaction(prisma, { seals: this.#seals })));
    });
  }

  /** Runs `work` in a transaction with the rights of signing in: people, sessions, invitations; no tenant's data. */
  asIdentity<Result>(work: (tx: IdentityTransaction) => Promise<Result>): Promise<Result> {
    return this.#prisma.$transaction(async (prisma) => {
      await prisma.$executeRaw`SET LOCAL ROLE tenon_identity`;
      return held(prisma, work(identityTransaction(prisma, { seals: this.#seals })));
    });
  }

  /** Answers a health check: resolves when Postgres does. */
  async ping(): Promise<void> {
    await this.#pools.app.query('SELECT 1');
  }

  async close(): Promise<void> {
    await this.#prisma.$disconnect();
    await Promise.all(Object.values(this.#pools).map((pool) => pool.end()));
  }
}

/** What `work` gives, once the claim of the request is known to hold; see {@link underClaim}. */
async function held<Result>(prisma: PrismaTransaction, work: Promise<Result>): Promise<Result> {
  const result = await work;
  await holdClaim(prisma);
  return result;
}
