import { Inject, Injectable } from '@nestjs/common';
import { type Id, idSchema, ProblemError, type Scope, scopes } from '@tenon/contracts';
import type { AuthenticatedKey, Database } from '@tenon/database';
import type { FastifyRequest } from 'fastify';
import type { Access } from '../http/access.decorators.js';
import { DATABASE } from '../platform/tokens.js';
import { Authenticator, unauthenticated } from './authenticator.js';
import { RefusalLog } from './refusal-log.js';

const tenantIdSchema = idSchema('tenant');

/** Decides, before a body is read, whether a request may reach its handler. */
@Injectable()
export class AccessService {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly refusals: RefusalLog,
    @Inject(DATABASE) private readonly database: Database,
  ) {}

  /**
   * Lets the request in and notes its caller and tenant on it.
   *
   * @throws ProblemError `unauthenticated`, `insufficient_scope`, `tenant_required`, `tenant_suspended` or `not_found`
   */
  async admit(request: FastifyRequest, access: Access): Promise<void> {
    if (access.kind === 'public') return;
    const key = await this.authenticator.authenticate(request.headers.authorization);
    try {
      assertLive(key);
      request.tenonCaller = {
        keyId: key.id,
        kind: key.tenantId === null ? 'operator' : 'tenant',
        scopes: key.tenantId === null ? scopes : key.scopes,
        requestId: request.id,
      };
      await this.#authorize(request, key, access);
    } catch (error) {
      if (error instanceof ProblemError) this.#recordRefusal(request, key, error);
      throw error;
    }
  }

  async #authorize(request: FastifyRequest, key: AuthenticatedKey, access: Exclude<Access, { kind: 'public' }>) {
    if (access.kind === 'operator') {
      if (key.tenantId !== null) throw new ProblemError('insufficient_scope', 'Only an operator key may do this.');
      return;
    }
    if (key.tenantId === null) {
      if (access.kind === 'tenant') request.tenonTenantId = await this.#tenantForOperator(request, access.tenantFrom);
      return;
    }
    assertScope(key.scopes, access.scope);
    if (key.tenantStatus !== 'active') throw suspended();
    const named = namedTenant(request, access.kind === 'tenant' ? access.tenantFrom : 'header');
    if (named !== undefined && named !== key.tenantId) throw new ProblemError('not_found', 'There is no such tenant.');
    request.tenonTenantId = key.tenantId;
  }

  /** An operator may look at a suspended tenant, and change nothing in it. */
  async #tenantForOperator(request: FastifyRequest, from: 'header' | 'path'): Promise<Id<'tenant'>> {
    const named = namedTenant(request, from);
    if (named === undefined) {
      throw new ProblemError('tenant_required', 'An operator key needs the header "Tenant-Id: tnt_…".');
    }
    const id = tenantIdSchema.safeParse(named);
    const tenant = id.success ? await this.database.asOperator((tx) => tx.tenants.find(id.data)) : null;
    if (tenant === null) throw new ProblemError('not_found', 'There is no such tenant.');
    if (tenant.status !== 'active' && request.method !== 'GET') throw suspended();
    return tenant.id;
  }

  #recordRefusal(request: FastifyRequest, key: AuthenticatedKey, problem: ProblemError): void {
    this.refusals.record({
      tenantId: key.tenantId,
      actor: key.id,
      action: `request.refused.${problem.code}`,
      target: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
      requestId: request.id,
    });
  }
}

function assertLive(key: AuthenticatedKey): void {
  const expired = key.expiresAt !== null && key.expiresAt.getTime() <= Date.now();
  if (expired || key.revokedAt !== null) throw unauthenticated();
}

function assertScope(held: readonly Scope[], needed: Scope): void {
  if (!held.includes(needed)) throw new ProblemError('insufficient_scope', `The key lacks the scope "${needed}".`);
}

function suspended(): ProblemError {
  return new ProblemError('tenant_suspended', 'The tenant is suspended; its operator can resume it.');
}

function namedTenant(request: FastifyRequest, from: 'header' | 'path'): string | undefined {
  if (from === 'header') return request.headers['tenant-id']?.toString();
  const { params } = request;
  return typeof params === 'object' && params !== null && 'tenant' in params ? String(params.tenant) : undefined;
}
