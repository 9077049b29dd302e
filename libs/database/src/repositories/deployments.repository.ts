import { type Id, newId, ProblemError } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { Deployment as DeploymentRow } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

export interface Deployment {
  readonly id: Id<'deployment'>;
  readonly functionId: Id<'function'>;
  readonly versionId: Id<'version'>;
  readonly reason: 'activate' | 'rollback';
  /** The key that did it. */
  readonly by: string;
  readonly since: Date;
}

/** Append-only: which version was live since when. The newest one of a function counts. */
export class DeploymentsRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'>,
  ) {}

  /**
   * Makes a version live. Activating the live version again changes nothing and returns its deployment.
   *
   * @throws ProblemError `not_found` for a version of another function, `version_not_ready` for one that can't run.
   */
  async activate(functionId: Id<'function'>, versionId: Id<'version'>, by: string): Promise<Deployment> {
    const live = await this.#lockLive(functionId);
    const where = { tenantId_id: { tenantId: this.tenantId, id: versionId } };
    const version = await this.prisma.version.findUnique({ where, select: { functionId: true, status: true } });
    if (version?.functionId !== functionId) throw new ProblemError('not_found', 'There is no such version.');
    if (version.status !== 'ready') throw new ProblemError('version_not_ready', `The version is ${version.status}.`);
    if (live?.versionId === versionId) return toDeployment(live);
    return this.#deploy({ functionId, versionId, by, reason: 'activate', fallsBackTo: live?.id ?? null });
  }

  /**
   * Makes the version live that was live before this one was activated; doing so twice goes back two steps.
   *
   * @throws ProblemError `nothing_to_roll_back` when nothing was live before.
   */
  async rollback(functionId: Id<'function'>, by: string): Promise<Deployment> {
    const live = await this.#lockLive(functionId);
    const previous = live?.fallsBackTo == null ? null : await this.#find(live.fallsBackTo);
    if (previous === null) throw new ProblemError('nothing_to_roll_back', 'No version was live before this one.');
    const { versionId, fallsBackTo } = previous;
    return this.#deploy({ functionId, versionId, by, reason: 'rollback', fallsBackTo });
  }

  async list(functionId: Id<'function'>, page: PageRequest): Promise<Page<Deployment>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const rows = await this.prisma.deployment.findMany({
      ...order,
      where: { ...where, tenantId: this.tenantId, functionId },
    });
    return pageOf(rows.map(toDeployment), page.limit, (deployment) => deployment.id);
  }

  /** Two activations at once take turns on the function's row. */
  async #lockLive(functionId: Id<'function'>): Promise<DeploymentRow | null> {
    const rows = await this.prisma.$queryRaw<{ live_deployment_id: string | null }[]>`
      SELECT live_deployment_id FROM functions
        WHERE tenant_id = ${this.tenantId} AND id = ${functionId} FOR NO KEY UPDATE`;
    const found = rows[0];
    if (found === undefined) throw new ProblemError('not_found', 'There is no such function.');
    return found.live_deployment_id === null ? null : this.#find(found.live_deployment_id);
  }

  #find(id: string): Promise<DeploymentRow | null> {
    return this.prisma.deployment.findUnique({ where: { tenantId_id: { tenantId: this.tenantId, id } } });
  }

  async #deploy(wanted: Omit<DeploymentRow, 'id' | 'tenantId' | 'since'>): Promise<Deployment> {
    const data = { id: newId('deployment'), tenantId: this.tenantId, ...wanted };
    const row = await this.prisma.deployment.create({ data });
    const where = { tenantId_id: { tenantId: this.tenantId, id: wanted.functionId } };
    await this.prisma.function.update({ where, data: { liveDeploymentId: row.id }, select: { id: true } });
    return toDeployment(row);
  }
}

function toDeployment(row: DeploymentRow): Deployment {
  return {
    id: row.id as Id<'deployment'>,
    functionId: row.functionId as Id<'function'>,
    versionId: row.versionId as Id<'version'>,
    reason: row.reason as Deployment['reason'],
    by: row.by,
    since: row.since,
  };
}
