import { type Id, newId, ProblemError } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import { currentSettingsId } from '../current-settings.js';
import { type Deployment as DeploymentRow, Prisma } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';
import { pointLock } from './extension-points.repository.js';

export interface Deployment {
  readonly id: Id<'deployment'>;
  readonly functionId: Id<'function'>;
  readonly versionId: Id<'version'>;
  readonly settingsId: Id<'settings'> | null;
  readonly reason: 'activate' | 'rollback' | 'settings';
  /** The key that did it. */
  readonly by: string;
  readonly since: Date;
}

/** A rollback passes over what was deleted meanwhile; a history that is longer than this is not walked further. */
const stepsBackMax = 1_000;

/** Append-only: which version was live since when, and with which settings. */
export class DeploymentsRepository {
  constructor(
    private readonly prisma: PrismaTransaction,
    private readonly tenantId: Id<'tenant'>,
  ) {}

  /**
   * Makes a version live, with the settings that the function has. Activating what is live already changes nothing and
   * returns its deployment.
   *
   * @param settings other settings that come with the version
   * @throws ProblemError `not_found` for a version of another function, `version_not_ready` for one that can't run.
   */
  async activate(
    functionId: Id<'function'>,
    versionId: Id<'version'>,
    by: string,
    settings?: Id<'settings'>,
  ): Promise<Deployment> {
    const { live, settingsId: current } = await this.#lockLive(functionId);
    const settingsId = settings ?? current;
    const where = { tenantId_id: { tenantId: this.tenantId, id: versionId } };
    const select = { functionId: true, status: true, archivedAt: true } as const;
    const version = await this.prisma.version.findUnique({ where, select });
    if (version?.functionId !== functionId || version.archivedAt !== null) {
      throw new ProblemError('not_found', 'There is no such version.');
    }
    if (version.status !== 'ready') throw new ProblemError('version_not_ready', `The version is ${version.status}.`);
    if (live?.versionId === versionId && live.settingsId === settingsId) return toDeployment(live);
    const fallsBackTo = live?.id ?? null;
    return this.#deploy({ functionId, versionId, settingsId, by, reason: 'activate', fallsBackTo });
  }

  /** Lets what is live go on with other settings. @returns null where nothing is live, so that nothing had to be done. */
  async applySettings(functionId: Id<'function'>, settingsId: Id<'settings'>, by: string): Promise<Deployment | null> {
    const { live } = await this.#lockLive(functionId);
    if (live === null) return null;
    const { versionId, id: fallsBackTo } = live;
    return this.#deploy({ functionId, versionId, settingsId, by, reason: 'settings', fallsBackTo });
  }

  /**
   * Undoes the last change of what is live, of the version or of its settings; doing so twice goes back two steps.
   *
   * @throws ProblemError `nothing_to_roll_back` when nothing was live before that is still there.
   */
  async rollback(functionId: Id<'function'>, by: string): Promise<Deployment> {
    const { live } = await this.#lockLive(functionId);
    let previous = await this.#before(live);
    for (let steps = 1; previous !== null && previous.version.archivedAt !== null; steps += 1) {
      previous = steps < stepsBackMax ? await this.#before(previous) : null;
    }
    if (previous === null) throw new ProblemError('nothing_to_roll_back', 'Nothing was live before this.');
    const { versionId, settingsId, fallsBackTo } = previous;
    return this.#deploy({ functionId, versionId, settingsId, by, reason: 'rollback', fallsBackTo });
  }

  /** What is live. */
  async live(functionId: Id<'function'>): Promise<Deployment | null> {
    const where = { tenantId_id: { tenantId: this.tenantId, id: functionId } };
    const found = await this.prisma.function.findUnique({ where, select: { liveDeployment: true } });
    return found?.liveDeployment == null ? null : toDeployment(found.liveDeployment);
  }

  async list(functionId: Id<'function'>, page: PageRequest): Promise<Page<Deployment>> {
    const { where, ...order } = { where: {}, ...newestFirst(page) };
    const rows = await this.prisma.deployment.findMany({
      ...order,
      where: { ...where, tenantId: this.tenantId, functionId },
    });
    return pageOf(rows.map(toDeployment), page.limit, (deployment) => deployment.id);
  }

  /** Two changes at once take turns on the function's row, and none of them overtakes a change of its point. */
  async #lockLive(functionId: Id<'function'>): Promise<{ live: DeploymentRow | null; settingsId: string | null }> {
    const locked = await this.prisma.$queryRaw<{ live: string | null; point: string }[]>`
      SELECT live_deployment_id AS live, extension_point AS point FROM functions
        WHERE tenant_id = ${this.tenantId} AND id = ${functionId} AND archived_at IS NULL FOR NO KEY UPDATE`;
    const found = locked[0];
    if (found === undefined) throw new ProblemError('not_found', 'There is no such function.');
    const lock = pointLock(found.point);
    await this.prisma.$queryRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended(${lock}, 0))::text`;
    // In a statement of its own: one that waited for the row would see older settings than the row.
    const current = await this.prisma.$queryRaw<{ settings: string | null }[]>`
      SELECT ${Prisma.raw(currentSettingsId)} AS settings FROM functions AS f
        WHERE f.tenant_id = ${this.tenantId} AND f.id = ${functionId}`;
    const settingsId = current[0]?.settings ?? null;
    return { live: found.live === null ? null : await this.#find(found.live), settingsId };
  }

  #find(id: string): Promise<DeploymentRow | null> {
    return this.prisma.deployment.findUnique({ where: { tenantId_id: { tenantId: this.tenantId, id } } });
  }

  #before(deployment: DeploymentRow | null) {
    if (deployment?.fallsBackTo == null) return null;
    return this.prisma.deployment.findUnique({
      where: { tenantId_id: { tenantId: this.tenantId, id: deployment.fallsBackTo } },
      include: { version: { select: { archivedAt: true } } },
    });
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
    settingsId: row.settingsId as Id<'settings'> | null,
    reason: row.reason as Deployment['reason'],
    by: row.by,
    since: row.since,
  };
}
