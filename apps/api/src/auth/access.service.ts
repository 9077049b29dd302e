import { Inject, Injectable } from '@nestjs/common';
import { type Id, idSchema, ProblemError, type Scope, scopes, scopesOfRole } from '@tenon/contracts';
import type { AuthenticatedKey, Database } from '@tenon/database';
import type { FastifyRequest } from 'fastify';
import type { Access } from '../http/access.decorators.js';
import { type OpenSession, originOf } from '../http/caller.js';
import { whenKnown } from '../http/now-or-later.js';
import { routeOf } from '../http/route-settings.js';
import { DATABASE, IDENTITY } from '../platform/tokens.js';
import { Authenticator, unauthenticated } from './authenticator.js';
import { isFromElsewhere, isUnsafe } from './forgery.js';
import type { IdentitySettings } from './identity-settings.js';
import { RefusalLog } from './refusal-log.js';
import { isCsrfToken } from './session-token.js';

const tenantIdSchema = idSchema('tenant');

type GuardedAccess = Exclude<Access, { kind: 'public' }>;
type TenantAccess = Extract<Access, { kind: 'tenant' }>;

/** Who asks, before it is known what they may do here. */
type Principal =
  | { readonly via: 'key'; readonly key: AuthenticatedKey }
  | ({ readonly via: 'session' } & Readonly<OpenSession>);

/** What a request may do, once it is known whose it is. */
interface Grant {
  readonly kind: 'operator' | 'tenant';
  readonly scopes: readonly Scope[];
  readonly tenantId?: Id<'tenant'>;
}

/** Decides, before a body is read, whether a request may reach its handler. */
@Injectable()
export class AccessService {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly refusals: RefusalLog,
    @Inject(DATABASE) private readonly database: Database,
    @Inject(IDENTITY) private readonly settings: IdentitySettings,
  ) {}

  /**
   * Lets the request in and notes its caller and tenant on it: at once where its key is known, else by a promise.
   *
   * @throws ProblemError `unauthenticated`, `csrf_failed`, `session_required`, `insufficient_scope`, `tenant_required`,
   *   `tenant_suspended` or `not_found`
   */
  admit(request: FastifyRequest, access: Access): void | Promise<void> {
    if (access.kind === 'public') {
      if (access.fromHereOnly) this.#assertFromHere(request);
      return;
    }
    return whenKnown(this.#principalOf(request), (principal) => this.#enter(request, principal, access));
  }

  /** A key is named on purpose, a cookie comes along: whoever sends a key is judged by it alone. */
  #principalOf(request: FastifyRequest): Principal | Promise<Principal> {
    const { authorization, cookie } = request.headers;
    if (authorization !== undefined) {
      return whenKnown(this.authenticator.key(authorization), (key) => ({ via: 'key', key }));
    }
    return this.authenticator.session(cookie).then((session) => ({ via: 'session', ...session }));
  }

  #enter(request: FastifyRequest, principal: Principal, access: GuardedAccess): void | Promise<void> {
    try {
      this.#assertGenuine(request, principal);
      const grant = this.#grant(request, principal, access);
      const entered = whenKnown(grant, (one) => noteCaller(request, principal, one));
      return entered?.catch((error: unknown) => this.#refuse(request, principal, error));
    } catch (error) {
      this.#refuse(request, principal, error);
    }
  }

  /** A key that still works; or a request that a page of ours began, not one of somebody else's. */
  #assertGenuine(request: FastifyRequest, principal: Principal): void {
    if (principal.via === 'key') {
      assertLive(principal.key);
      return;
    }
    if (!isUnsafe(request.method)) return;
    const given = request.headers['x-csrf-token']?.toString();
    this.#assertFromHere(request);
    if (isCsrfToken(given, principal.token)) return;
    throw new ProblemError('csrf_failed', 'Send the csrfToken of the session in the header "X-CSRF-Token".');
  }

  /** Else a page of somebody else's could sign its visitors in as somebody of its choice. */
  #assertFromHere(request: FastifyRequest): void {
    if (!isFromElsewhere(request.headers, this.settings.origin)) return;
    throw new ProblemError('csrf_failed', 'The request began on a page of another origin.');
  }

  #grant(request: FastifyRequest, principal: Principal, access: GuardedAccess): Grant | Promise<Grant> {
    const operator = isOperator(principal);
    const everything = operator ? everythingToOperators : nothingOfTenants;
    switch (access.kind) {
      case 'session':
        if (principal.via === 'session') return everything;
        throw new ProblemError('session_required', 'This concerns the person who is signed in; a key is nobody.');
      case 'operator':
        if (operator) return everything;
        throw new ProblemError('insufficient_scope', 'Only an operator may do this.');
      case 'tenant':
        if (operator) return this.#grantOfOperator(request, access);
        return principal.via === 'key'
          ? grantOfKey(request, principal.key, access)
          : grantOfMember(request, principal, access);
      case 'shared':
        return operator ? everything : sharedGrant(principal, access.scope);
    }
  }

  /** An operator may look at a suspended tenant, and change nothing in it. */
  async #grantOfOperator(request: FastifyRequest, { tenantFrom: from }: TenantAccess): Promise<Grant> {
    const named = tenantNamed(request, from, 'An operator');
    const also = namedTenant(request, 'header');
    if ((also ?? named) !== named) throw noSuchTenant();
    const id = tenantIdSchema.safeParse(named);
    const tenant = id.success ? await this.database.asOperator((tx) => tx.tenants.find(id.data)) : null;
    if (tenant === null) throw noSuchTenant();
    if (tenant.status !== 'active' && isUnsafe(request.method)) throw suspended();
    return { ...everythingToOperators, tenantId: tenant.id };
  }

  #refuse(request: FastifyRequest, principal: Principal, problem: unknown): never {
    if (!(problem instanceof ProblemError)) throw problem;
    this.refusals.record({
      tenantId: homeOf(request, principal),
      actor: actorOf(principal),
      action: `request.refused.${problem.code}`,
      target: `${request.method} ${routeOf(request).url ?? 'unknown'}`,
      requestId: request.id,
      details: { from: { ...originOf(request) } },
    });
    throw problem;
  }
}

const everythingToOperators: Grant = { kind: 'operator', scopes };
const nothingOfTenants: Grant = { kind: 'tenant', scopes: [] };

function noteCaller(request: FastifyRequest, principal: Principal, { kind, scopes: held, tenantId }: Grant): void {
  const { via } = principal;
  const from = originOf(request);
  request.tenonCaller = { actor: actorOf(principal), via, kind, scopes: held, requestId: request.id, from };
  if (principal.via === 'session') request.tenonSession = { token: principal.token, session: principal.session };
  if (tenantId !== undefined) request.tenonTenantId = tenantId;
}

function actorOf(principal: Principal): Id<'key'> | Id<'user'> {
  return principal.via === 'key' ? principal.key.id : principal.session.userId;
}

function isOperator(principal: Principal): boolean {
  return principal.via === 'key' ? principal.key.tenantId === null : principal.session.operator;
}

function assertLive(key: AuthenticatedKey): void {
  const expired = key.expiresAt !== null && key.expiresAt.getTime() <= Date.now();
  if (expired || key.revokedAt !== null) throw unauthenticated();
}

function grantOfKey(request: FastifyRequest, key: AuthenticatedKey, access: TenantAccess): Grant {
  const { tenantId, tenantStatus, scopes: held } = key;
  if (tenantId === null) throw new Error('an operator key is no key of a tenant');
  assertScope(held, access.scope);
  if (tenantStatus !== 'active') throw suspended();
  const named = namedTenant(request, access.tenantFrom);
  // A tenant's key has its tenant already, so the header is checked wherever it is sent.
  const also = namedTenant(request, 'header');
  if ((named ?? tenantId) !== tenantId || (also ?? tenantId) !== tenantId) throw noSuchTenant();
  return { kind: 'tenant', scopes: held, tenantId };
}

/** The tenant is named with every request, so a person of several tenants never acts in the wrong one. */
function grantOfMember(request: FastifyRequest, { session }: OpenSession, access: TenantAccess): Grant {
  const named = tenantNamed(request, access.tenantFrom, 'A session');
  const member = session.memberships.find(({ tenantId }) => tenantId === named);
  const also = namedTenant(request, 'header');
  if (member === undefined || (also ?? named) !== named) throw noSuchTenant();
  const held = scopesOfRole(member.role);
  assertScope(held, access.scope, `the role "${member.role}"`);
  if (member.tenantStatus !== 'active') throw suspended();
  return { kind: 'tenant', scopes: held, tenantId: member.tenantId };
}

function sharedGrant(principal: Principal, scope: Scope): Grant {
  const places =
    principal.via === 'key'
      ? [{ held: principal.key.scopes, status: principal.key.tenantStatus }]
      : principal.session.memberships.map(({ role, tenantStatus: status }) => ({ held: scopesOfRole(role), status }));
  const fitting = places.filter(({ held }) => held.includes(scope));
  if (fitting.length === 0) assertScope([], scope);
  const active = fitting.find(({ status }) => status === 'active');
  if (active === undefined) throw suspended();
  return { kind: 'tenant', scopes: active.held };
}

/** Whose audit log a refusal belongs in: the key's tenant, or the tenant that a member asked for; else the operators'. */
function homeOf(request: FastifyRequest, principal: Principal): Id<'tenant'> | null {
  const named = [namedTenant(request, 'path'), namedTenant(request, 'header')];
  const home =
    principal.via === 'key'
      ? principal.key
      : principal.session.memberships.find(({ tenantId }) => named.includes(tenantId));
  // The log of a tenant that is being deleted goes away, and nothing may be written to it once it is gone.
  return home === undefined || home.tenantStatus === 'deleting' ? null : home.tenantId;
}

function assertScope(held: readonly Scope[], needed: Scope, holder = 'the key'): void {
  if (!held.includes(needed))
    throw new ProblemError('insufficient_scope', `It takes the scope "${needed}"; ${holder} lacks it.`);
}

function suspended(): ProblemError {
  return new ProblemError('tenant_suspended', 'The tenant is suspended; its operator can resume it.');
}

function noSuchTenant(): ProblemError {
  return new ProblemError('not_found', 'There is no such tenant.');
}

function tenantNamed(request: FastifyRequest, from: TenantAccess['tenantFrom'], who: string): string {
  const named = namedTenant(request, from);
  if (named !== undefined) return named;
  throw new ProblemError('tenant_required', `${who} needs the header "Tenant-Id: tnt_…".`);
}

function namedTenant(request: FastifyRequest, from: TenantAccess['tenantFrom']): string | undefined {
  if (from === 'header') return request.headers['tenant-id']?.toString();
  const { params } = request;
  return typeof params === 'object' && params !== null && 'tenant' in params ? String(params.tenant) : undefined;
}
