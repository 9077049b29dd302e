import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiCookieAuth, ApiExtension, ApiHeader } from '@nestjs/swagger';
import { idPattern, type ProblemCode, type Scope } from '@tenon/contracts';
import { ApiProblems } from '../openapi/answers.decorators.js';

/** Who may call a route. A route without one of these decorators stops the boot. */
export type Access =
  | { readonly kind: 'public'; readonly fromHereOnly?: true }
  | { readonly kind: 'operator' }
  /** For one tenant: its own keys with the scope, and operator keys that name the tenant. */
  | { readonly kind: 'tenant'; readonly scope: Scope; readonly tenantFrom: 'header' | 'path' }
  /** Only a person who is signed in, about themselves. */
  | { readonly kind: 'session' }
  /** What all tenants may read alike. */
  | { readonly kind: 'shared'; readonly scope: Scope };

export interface RouteSettings {
  readonly access: Access;
  /** The largest body of this route, where it differs from the default. */
  readonly bodyBytesMax?: number;
  /** Doing it twice does no harm, so a request with an idempotency key may be tried again after any failure of ours. */
  readonly repeatable?: true;
  /** It takes bytes as a stream, and no JSON. */
  readonly upload?: true;
  /** The scraper's token opens it, too. */
  readonly forScrapers?: true;
}

type RouteExtras = Omit<RouteSettings, 'access'>;

function access(rule: Access, extras: RouteExtras, problems: readonly ProblemCode[], ...more: MethodDecorator[]) {
  const settings: RouteSettings = { access: rule, ...extras };
  return applyDecorators(RouteConfig({ tenon: settings }), ApiProblems(...problems), ...more);
}

/** Anybody, without a key. */
export const Public = (extras: RouteExtras = {}) => access({ kind: 'public' }, extras, []);

/** Anybody, but from no page of another origin: for what sets the cookie of a session. */
export const PublicFromHere = (extras: RouteExtras = {}) =>
  access({ kind: 'public', fromHereOnly: true }, extras, ['csrf_failed']);

/** Two ways to say who one is; a session needs the token against forged requests where something changes. */
const credentials = [ApiBearerAuth('key'), ApiCookieAuth('session')];

/** Only people who are signed in: what it does concerns themselves. */
export const SignedInOnly = (extras: RouteExtras = {}) =>
  access(
    { kind: 'session' },
    extras,
    ['unauthenticated', 'session_required', 'csrf_failed'],
    ApiCookieAuth('session'),
    ApiExtension('x-tenon-access', 'session'),
  );

/** Operators only, by key or session. */
export const OperatorOnly = (extras: RouteExtras = {}) =>
  access(
    { kind: 'operator' },
    extras,
    ['unauthenticated', 'insufficient_scope', 'csrf_failed'],
    ...credentials,
    ApiExtension('x-tenon-access', 'operator'),
  );

const tenantProblems: readonly ProblemCode[] = [
  'unauthenticated',
  'insufficient_scope',
  'csrf_failed',
  'tenant_required',
  'tenant_suspended',
  'not_found',
];

/** Keys of the tenant that hold `scope`; operators' keys and people with a `Tenant-Id` header. */
export const Allow = (scope: Scope, extras: RouteExtras = {}) =>
  access(
    { kind: 'tenant', scope, tenantFrom: 'header' },
    extras,
    tenantProblems,
    ...credentials,
    ApiExtension('x-tenon-access', scope),
    ApiHeader({
      name: 'Tenant-Id',
      required: false,
      description: 'With an operator key or a session: the tenant to act for.',
      schema: { type: 'string', pattern: idPattern('tenant') },
    }),
  );

/** Keys and people of the tenant in the path (`:tenant`) that hold `scope`, and operators. */
export const AllowForTenantInPath = (scope: Scope, extras: RouteExtras = {}) =>
  access(
    { kind: 'tenant', scope, tenantFrom: 'path' },
    extras,
    tenantProblems,
    ...credentials,
    ApiExtension('x-tenon-access', scope),
  );

/** Any key or person that holds `scope`: what is read is the operator's and the same for every tenant. */
export const AllowAnyTenant = (scope: Scope, extras: RouteExtras = {}) =>
  access(
    { kind: 'shared', scope },
    extras,
    ['unauthenticated', 'insufficient_scope', 'tenant_suspended', 'csrf_failed'],
    ...credentials,
    ApiExtension('x-tenon-access', scope),
  );
